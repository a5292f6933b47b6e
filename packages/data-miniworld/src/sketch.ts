import { GRID, type Scene } from "./scene.ts";

/** The words of empty cells in reading order, named by column and row like the squares of a chessboard: "a1", "b1", ... */
export const CELL_WORDS: readonly string[] = Array.from(
  { length: GRID * GRID },
  (_, cell) => `${"abcd".charAt(cell % GRID)}${Math.floor(cell / GRID) + 1}`,
);

/**
 * Writes a scene in the world's notation: one word per cell in reading order, a compound like "redcircle" for a thing,
 * and the cell's name for an empty cell. So a thing's place follows from the words beside it. (An image's patches have
 * position embeddings.)
 */
export function sketch(scene: Scene): string {
  const words = [...CELL_WORDS];
  for (const { cell, color, shape } of scene) words[cell] = color + shape;
  return words.join(" ");
}

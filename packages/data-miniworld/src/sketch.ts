import { GRID, type Scene } from "./scene.ts";

/** The word of a sketch for an empty cell. */
const BLANK = "blank";

/**
 * Writes a scene in the world's notation: one word per cell in reading order, a compound like "redcircle" for a thing
 * and "blank" for an empty cell.
 */
export function sketch(scene: Scene): string {
  const words = Array.from({ length: GRID * GRID }, () => BLANK);
  for (const { cell, colour, shape } of scene) words[cell] = colour + shape;
  return words.join(" ");
}

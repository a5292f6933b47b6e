import type { Random } from "@mlan/core";
import { choose, chooseSeveral } from "./choose.ts";
import { THINGS, type Thing } from "./thing.ts";

/** Cells per side of a scene; one cell is one patch of the mini CLIP. */
export const GRID = 4;

export interface PlacedThing extends Thing {
  /** The cell's number, from 0 to 15 in reading order. */
  readonly cell: number;
}

/** Different things in different cells of a 4 x 4 grid, in reading order. */
export type Scene = readonly PlacedThing[];

const CELLS = Array.from({ length: GRID * GRID }, (_, cell) => cell);

export function randomScene(random: Random, sizes: readonly number[] = [1, 2, 2, 3, 3, 4]): Scene {
  const things = chooseSeveral(random, THINGS, choose(random, sizes));
  const cells = chooseSeveral(random, CELLS, things.length).toSorted((one, other) => one - other);
  return things.map((thing, index) => ({ ...thing, cell: cells[index] ?? 0 }));
}

/** Returns a key that only equal scenes share. */
export function sceneKey(scene: Scene): string {
  return scene.map((thing) => `${thing.cell}${thing.color}${thing.shape}`).join("|");
}

/**
 * Returns the name of a cell's place, e.g. "top left" or "middle right": rows 0, 1-2, 3 and columns 0, 1-2, 3; "middle"
 * alone is the center.
 */
export function placeOf(cell: number): string {
  const row = ["top", "middle", "middle", "bottom"][Math.floor(cell / GRID)] ?? "";
  const column = ["left", "middle", "middle", "right"][cell % GRID] ?? "";
  return row === column ? row : `${row} ${column}`;
}

/** The names of the nine places. */
export const PLACES: readonly string[] = [...new Set(CELLS.map(placeOf))];

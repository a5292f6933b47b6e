import type { Random } from "@mlan/core";
import { randomScene, type Scene, sceneKey } from "./scene.ts";
import { drawFrom } from "./split.ts";

/** The questions on one image, and the scene it shows. */
export interface PicturedRows<Row> {
  /** A path relative to the benchmark's folder. */
  readonly image: string;
  readonly scene: Scene;
  readonly rows: readonly Row[];
}

/** Draws a scene that never occurs in tuning and suits the questions. */
export function benchmarkScene(
  random: Random,
  sizes: readonly number[],
  fits: (scene: Scene) => boolean = () => true,
): Scene {
  for (;;) {
    const scene = drawFrom("benchmark", () => randomScene(random, sizes), sceneKey);
    if (fits(scene)) return scene;
  }
}

/** Returns the things whose `keyOf` value is unique in the scene. */
export function uniqueBy<Item>(scene: readonly Item[], keyOf: (thing: Item) => unknown): readonly Item[] {
  return scene.filter((thing) => scene.filter((other) => keyOf(other) === keyOf(thing)).length === 1);
}

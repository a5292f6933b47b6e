import { cp } from "node:fs/promises";
import { experiment, runExperiment, runFolder, train } from "@mlan/core";
import { captions } from "@mlan/data-captions";
import { miniCheckpoint, type Miniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { llama2 } from "@mlan/model-llama2";
import { alignment, cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";

const VISION_TOWER = miniCheckpoint("mini-clip");
/** The world's longest conversation has fewer positions. */
const SHORT = { maximumLength: 256 };

export interface TunedMiniOptions {
  readonly world: Miniworld;
  /** Steps of each of the two stages. */
  readonly steps: number;
  readonly threads: number;
}

/** Aligns and tunes the shipped mini backbone below `parent`, in fewer steps than the example. Returns the checkpoint. */
export async function tuneMini(parent: URL, { world, steps, threads }: TunedMiniOptions): Promise<URL> {
  const weights = new URL("mini/", parent);
  // A copy, since rounded weights are kept beside the base.
  await cp(miniCheckpoint("mini-llama2"), weights, { recursive: true });
  const short = { format: SHORT, maximumSteps: steps, checkpointEvery: steps };
  const folder = new URL("run/", parent);
  const value = experiment({
    name: "tuned-mini",
    seed: 42,
    use: [llama2({ weights, visionTower: VISION_TOWER }), cpuTrainer({ threads })],
    stages: [
      train({
        name: "align",
        data: captions({ folder: world.captions }),
        recipe: alignment({ ...short, batchSize: 32, learningRate: 2e-3 }),
      }),
      train({
        name: "tune",
        data: mlan({ file: new URL("MLAN_mini.json", world.mlan) }),
        recipe: instructionTuning({ ...short, batchSize: 16, microBatchSize: 16, learningRate: 5e-4 }),
      }),
    ],
  });
  for await (const event of runExperiment(value, { folder }))
    if (event.type === "stage-end") console.log(`mini model: stage "${event.stage}" has ended`);
  const checkpoint = (await runFolder(folder).readManifest())?.stages["tune"]?.checkpoint;
  if (checkpoint === undefined) throw new Error("the run has no checkpoint");
  return new URL(checkpoint, folder);
}

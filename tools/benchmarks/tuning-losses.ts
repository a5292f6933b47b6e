import { experiment, runExperiment, train, type TrainingRecipe } from "@mlan/core";
import { miniCheckpoint, type MiniworldOptions, writeMiniworld } from "@mlan/data-miniworld";
import { mlan } from "@mlan/data-mlan";
import { llama2 } from "@mlan/model-llama2";
import { cpuTrainer, instructionTuning } from "@mlan/trainer-cpu";

export type MomentPrecision = NonNullable<TrainingRecipe["momentPrecision"]>;

export interface TuningOptions {
  /** An empty folder for the data and the runs. */
  readonly folder: URL;
  readonly momentPrecision: MomentPrecision;
  readonly steps: number;
  /** Conversations per step. */
  readonly batchSize: number;
  readonly seed: number;
  /** Default: ONNX Runtime's. */
  readonly threads?: number;
}

/** A world without benchmarks and captions. */
const NOTHING_ELSE: MiniworldOptions = {
  raceArticles: 0,
  openbookqaQuestions: 0,
  boolqQuestions: 0,
  hellaswagSources: 0,
  realworldqaImages: 0,
  ai2dImages: 0,
  popeImages: 0,
  gqaImages: 0,
  scienceqaImages: 0,
  captions: 0,
};

/**
 * Tunes all weights of the shipped backbone on language, like the arm "mlan" of `examples/miniworld.ts`, and returns the
 * loss of each step before its update. Every conversation is used once, so each loss is one of unseen conversations.
 * Equal options give equal conversations in equal order.
 */
export async function tuningLosses(options: TuningOptions): Promise<readonly number[]> {
  const { folder, momentPrecision, steps, batchSize, seed, threads } = options;
  const instructions = steps * batchSize;
  const world = await writeMiniworld(new URL("world/", folder), { ...NOTHING_ELSE, seed, instructions });
  const value = experiment({
    name: "moments",
    seed,
    use: [
      llama2({ weights: miniCheckpoint("mini-llama2") }),
      cpuTrainer({ ...(threads !== undefined && { threads }) }),
    ],
    stages: [
      train({
        name: "tune",
        data: mlan({ file: new URL("MLAN_mini.json", world.mlan) }),
        recipe: instructionTuning({
          trained: ["language"],
          batchSize,
          microBatchSize: batchSize,
          learningRate: 1e-3,
          format: { maximumLength: 384 },
          checkpointEvery: steps,
          momentPrecision,
        }),
      }),
    ],
  });
  const losses: number[] = [];
  for await (const event of runExperiment(value, { folder: new URL(`${momentPrecision}/`, folder) }))
    if (event.type === "stage-progress" && event.event.type === "step-end") losses.push(event.event.loss);
  return losses;
}

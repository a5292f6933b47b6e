import { cp, readFile, rm, writeFile } from "node:fs/promises";
import {
  type Conversation,
  type Dataset,
  evaluate,
  experiment,
  type Experiment,
  type ImageReference,
  mix,
  type Plugin,
  runExperiment,
  train,
  type Trainer,
  TRAINER,
  type TrainingRecipe,
} from "@mlan/core";
import { generation } from "@mlan/eval-generation";
import {
  alphabetConversations,
  fakeModelPlugin,
  memoryBenchmark,
  memoryDataset,
  plainComputePlugin,
  type PlainQuestion,
} from "@mlan/testing";
import "@tensorflow/tfjs-backend-cpu";

export const STEPS = 1000;

const RECIPE: TrainingRecipe = {
  trained: ["language"],
  format: { template: "v1", imageAspectRatio: "pad", maximumLength: 64 },
  batchSize: 2,
  microBatchSize: 2,
  epochs: 1,
  learningRate: 0.1,
  warmupRatio: 0,
  weightDecay: 0,
  groupByModality: false,
  checkpointEvery: 1,
};

export interface SmallRunOptions {
  readonly name?: string;
  readonly seed?: number;
  /** Whether the model answers a question correctly, before training and after. */
  readonly isRight?: (question: number, isTuned: boolean) => boolean;
  /** Number of questions. Default 40. */
  readonly questions?: number;
  /** An image that every question shows. */
  readonly image?: ImageReference;
  /** Number of the eight conversations that have an image. Default 2. */
  readonly withImages?: number;
  /** See `FakeModelOptions.weights`. Default: a model without files. */
  readonly weights?: URL;
  /** The step at which training throws. */
  readonly failsAt?: number;
  /**
   * Whether the trainer reports losses by dataset: the loss plus 1 for "words" in each step, and the loss minus 1 for
   * "scenes" in every third step.
   */
  readonly byDataset?: boolean;
}

/**
 * An experiment with an evaluation before and after training. Every question has two choices, and two questions share a
 * cluster.
 */
export function smallExperiment(options: SmallRunOptions = {}): Experiment {
  const {
    name = "small",
    seed = 42,
    questions: count = 40,
    image,
    withImages = 2,
    weights,
    failsAt = Infinity,
    byDataset = false,
  } = options;
  const { isRight = (question, isTuned) => question % 4 !== 0 || isTuned } = options;
  const state = { isTuned: false };
  const questions = Array.from({ length: count }, (_, index): PlainQuestion => ({
    id: `q${index}`,
    text: `Question ${index}?`,
    images: image ? [image] : [],
    target: index % 4 === 1 ? "A" : "B",
    choices: ["A", "B"].map((label) => ({ label, text: `choice ${label}` })),
    kind: index % 2 === 0 ? "even" : "odd",
    cluster: `pair ${Math.floor(index / 2)}`,
  }));
  const answers = new Map(questions.map(({ id, target }, index) => [id, { target, index }]));
  const answer = ({ id }: { readonly id: string }): string => {
    const { target = "", index = 0 } = answers.get(id) ?? {};
    if (isRight(index, state.isTuned)) return target;
    return index % 8 === 0 ? "" : "neither";
  };
  const benchmarks = [memoryBenchmark("letters", questions)];
  return experiment({
    name,
    seed,
    use: [
      fakeModelPlugin({ answer, notices: ["the projector is new"], ...(weights && { weights }) }),
      plainComputePlugin(),
      curveTrainer(state, { failsAt, byDataset }),
      generation(),
    ],
    stages: [
      evaluate({ name: "before", benchmarks, protocol: "strict" }),
      train({ name: "tune", data: mixture(withImages), recipe: RECIPE }),
      evaluate({ name: "after", benchmarks, protocol: "strict" }),
    ],
  });
}

/** Eight conversations from two datasets, some with an image. */
function mixture(withImages: number): Dataset<Conversation> {
  const image = { name: "scene", read: async () => Uint8Array.of(1), find: async () => ({ stamp: "", digest: "1" }) };
  const all = alphabetConversations(8);
  const shown = all.slice(0, withImages).map((one) => ({ ...one, images: [image] }));
  const parts = [
    { name: "words", modality: "text", examples: all.slice(withImages) },
    { name: "scenes", modality: "image", examples: shown },
  ] as const;
  const datasets = parts.map(({ name, modality, examples }): Dataset<Conversation> => {
    const card = { source: `https://example.org/${name}`, license: "CC0-1.0", citation: `The ${name}`, modality };
    return { ...memoryDataset(name, examples), card };
  });
  return mix(
    datasets.map((data, part) => ({ data, share: parts[part]?.examples.length ?? 0 })),
    { total: 8, seed: 3 },
  );
}

/**
 * A trainer with {@link STEPS} steps whose losses fall, except for one peak and one minimum. Every third batch has
 * images.
 */
function curveTrainer(
  state: { isTuned: boolean },
  { failsAt, byDataset }: { readonly failsAt: number; readonly byDataset: boolean },
): Plugin<Trainer> {
  return {
    name: "curve-trainer",
    token: TRAINER,
    create: () => ({
      specVersion: 1,
      name: "curve-trainer",
      async *train({ model, folder }) {
        const warnings = ["the learning rate is high"];
        yield {
          type: "train-start",
          stepsDone: 0,
          steps: STEPS,
          dataFingerprint: "d",
          unsupervised: ["words: a"],
          warnings,
        };
        for (let step = 1; step <= STEPS; step++) {
          if (step === failsAt) throw new Error("the trainer broke");
          const loss = step === 501 ? 99 : step === 701 ? 0.001 : 4 - step / 500;
          const counts = { text: 10, image: step % 3 === 0 ? 5 : 0, padding: 2, supervised: 4 };
          const scenes = counts.image > 0 && { scenes: { loss: loss - 1, supervised: 2 } };
          const sources = byDataset && { sources: { words: { loss: loss + 1, supervised: 2 }, ...scenes } };
          const cost = { counts, flops: 1e9, seconds: 0.01 };
          yield { type: "step-end", step, steps: STEPS, loss, learningRate: 0.1, ...sources, ...cost };
        }
        state.isTuned = true;
        model.setFormat({ template: "v1", imageAspectRatio: "pad", maximumLength: 64 });
        const saved = new URL(`step-${STEPS}/`, folder);
        await model.save(saved);
        yield { type: "train-end", steps: STEPS, folder: saved };
      },
    }),
  };
}

/** Runs the experiment to its end in the folder, which it returns. */
export async function smallRun(folder: URL, options: SmallRunOptions = {}): Promise<URL> {
  for await (const event of runExperiment(smallExperiment(options), { folder, command: "mlan run small.ts" }))
    void event;
  return folder;
}

/** Returns a copy of the run folder `finished`, a sibling folder in which one file is changed, or removed. */
export async function changedCopy(
  finished: URL,
  name: string,
  file: string,
  change?: (text: string) => string,
): Promise<URL> {
  const folder = new URL(`../${name}/`, finished);
  await cp(finished, folder, { recursive: true });
  const place = new URL(file, folder);
  if (change) await writeFile(place, change(await readFile(place, "utf8")));
  else await rm(place);
  return folder;
}

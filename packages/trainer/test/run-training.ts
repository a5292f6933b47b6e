import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Conversation, Dataset, StepEndEvent, TrainableModel, TrainEvent, TrainingRecipe } from "@mlan/core";
import { fakeModelSource, memoryDataset, plainCompute } from "@mlan/testing";
import { createTrainer, instructionTuning, type TrainerDefinition } from "@mlan/trainer";

export interface TrainingOptions {
  readonly folder: URL;
  readonly recipe?: TrainingRecipe;
  readonly data?: Dataset<Conversation>;
  readonly seed?: number;
  /** Changes the fake model before it is trained. */
  readonly adapt?: (model: TrainableModel) => TrainableModel;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  readonly trainer?: Partial<TrainerDefinition>;
  /** Leaves the loop with `break` at the end of this step. */
  readonly breakAt?: number;
  /** Abandons the training after this step, like a killed process. */
  readonly killAt?: number;
}

export interface Training {
  readonly events: readonly TrainEvent[];
  readonly steps: readonly StepEndEvent[];
  readonly weights: Readonly<Record<string, readonly number[]>>;
}

/** Nine steps over 24 conversations, a third of them with an image. */
export const RECIPE: TrainingRecipe = instructionTuning({
  format: { maximumLength: 64 },
  batchSize: 8,
  microBatchSize: 4,
  epochs: 3,
  learningRate: 0.1,
  warmupRatio: 0.1,
  weightDecay: 0.01,
  checkpointEvery: 4,
});

/** Letters, each answered with a sequence of its successors of increasing length; every third conversation has an image. */
export const DATA: Dataset<Conversation> = memoryDataset("letters", letters(24));

export function letters(count: number, images = true): readonly Conversation[] {
  return Array.from({ length: count }, (_, index) => {
    const [letter, next] = [97, 98].map((code) => String.fromCharCode(code + (index % 25))) as [string, string];
    return {
      id: `letter-${index}`,
      turns: [
        { role: "user", text: `${"go ".repeat(index % 5)}${letter}` },
        { role: "assistant", text: next.repeat(1 + (index % 4)) },
      ],
      images: images && index % 3 === 0 ? [{ name: `${index}.png`, read: async () => new Uint8Array() }] : [],
    };
  });
}

/** A conversation without a supervised position. */
export const SILENT: Conversation = { id: "silent", turns: [{ role: "user", text: "hello" }], images: [] };

export async function train(options: TrainingOptions): Promise<Training> {
  const { folder, recipe = RECIPE, data = DATA, seed = 7, adapt = withEyes, signal, onEvent, breakAt } = options;
  const { killAt } = options;
  const compute = plainCompute();
  await compute.open();
  const trainer = createTrainer({ name: "trainer", compute, ...options.trainer });
  const model = await fakeModelSource().open({ seed: 3 });
  const events: TrainEvent[] = [];
  try {
    const training = trainer.train({ model: adapt(model), data, recipe, seed, folder, ...(signal && { signal }) });
    for await (const event of killAt === undefined ? training : abandonedAt(killAt, training)) {
      events.push(event);
      onEvent?.(event);
      if (event.type === "step-end" && event.step === breakAt) break;
    }
    const weights: Record<string, readonly number[]> = {};
    for (const parameter of model.parameters()) weights[parameter.name] = [...(await parameter.read())];
    return { events, weights, steps: events.filter((event) => event.type === "step-end") };
  } finally {
    model.dispose();
  }
}

/** The events up to the end of a step; the training is then abandoned without being closed. */
async function* abandonedAt(step: number, training: AsyncIterable<TrainEvent>): AsyncGenerator<TrainEvent> {
  const iterator = training[Symbol.asyncIterator]();
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    yield next.value;
    if (next.value.type === "step-end" && next.value.step === step) return;
  }
}

/** A model whose loss depends on the projector only in batches with images. */
export function withEyes(model: TrainableModel): TrainableModel {
  let projector: tf.Variable | undefined;
  return {
    ...model,
    learn(components) {
      const learning = model.learn(components);
      projector = learning.parameters.find(({ component }) => component === "projector")?.variable;
      return learning;
    },
    async collate(examples, shape) {
      const batch = await model.collate(examples, shape);
      if (examples.every(({ images }) => images.length === 0)) return batch;
      const tensors = { ...batch.tensors, wanted: tf.scalar(1) };
      return { ...batch, tensors, dispose: () => tf.dispose(Object.values(tensors)) };
    },
    loss(tensors) {
      const [learns, { wanted }] = [projector, tensors];
      if (!learns || !wanted) return model.loss(tensors);
      return tf.tidy(() => tf.add(model.loss(tensors), tf.sum(tf.square(tf.sub(learns, wanted)))));
    },
  };
}

import { type BatchShape, counted, deriveSeed, MlanError, type TrainingRecipe } from "@mlan/core";
import { bucketFor, lengthBuckets } from "./length-buckets.ts";
import { modalityGroups } from "./modality-groups.ts";
import { torchRandom } from "./torch-random.ts";
import type { TrainingSet } from "./training-set.ts";

/** The conversations of each step. They depend only on recipe, data and seed, so that resuming needs no state. */
export interface TrainingPlan {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** The lengths to which batches are padded, ascending. */
  readonly lengths: readonly number[];
  /** Number of micro-batches without a supervised position, over all steps. Their weight is 0. */
  readonly withoutSupervision: number;
  /** Returns the micro-batches of a step, counted from 0. */
  step(step: number): readonly MicroBatch[];
}

/** The conversations of one forward and backward pass. */
export interface MicroBatch {
  /** Indices in the training set. */
  readonly indices: readonly number[];
  readonly shape: BatchShape;
  /** Weight in the loss of the step: 0 if no position is supervised. The weights of a step add up to 1. */
  readonly weight: number;
  /** Seed of dropout and other random operations. */
  readonly seed: number;
}

export interface TrainingPlanOptions {
  readonly set: TrainingSet;
  readonly recipe: TrainingRecipe;
  readonly seed: number;
}

export function stepsOf(
  conversations: number,
  { batchSize, epochs, maximumSteps = Infinity }: TrainingRecipe,
): Pick<TrainingPlan, "steps" | "stepsPerEpoch"> {
  const stepsPerEpoch = Math.ceil(conversations / batchSize);
  return { steps: Math.min(stepsPerEpoch * epochs, maximumSteps), stepsPerEpoch };
}

/** Lengths of batches are multiples of this number of positions, or the maximum length. */
const LENGTH_MULTIPLE = 16;
/** Maximum number of different batch lengths. A larger number means less padding and more compilation. */
const MAXIMUM_LENGTHS = 4;

/** Computes the plan. Throws `invalid-data` when a step would have no supervised position. */
export function trainingPlan(options: TrainingPlanOptions): TrainingPlan {
  const { set, recipe } = options;
  const { batchSize, microBatchSize } = recipe;
  const { steps, stepsPerEpoch } = stepsOf(set.length, recipe);
  const orderOf = lastOnly((epoch: number) => epochOrder(options, epoch));
  const microBatches = (step: number): readonly (readonly number[])[] => {
    const order = orderOf(Math.floor(step / stepsPerEpoch));
    const start = (step % stepsPerEpoch) * batchSize;
    return Array.from({ length: batchSize / microBatchSize }, (_, microBatch) =>
      // The last step of an epoch is filled up with conversations from the beginning of the epoch, like `even_batches`
      // of accelerate.
      Array.from(
        { length: microBatchSize },
        (_row, row) => order[(start + microBatch * microBatchSize + row) % order.length] ?? 0,
      ),
    );
  };
  const longest = (indices: readonly number[]): number =>
    Math.max(...indices.map((index) => set.positions[index] ?? 0));
  const { needed, withoutSupervision } = survey(steps, microBatches, longest, options);
  const lengths = lengthBuckets(needed, {
    multiple: LENGTH_MULTIPLE,
    maximumCount: MAXIMUM_LENGTHS,
    maximumLength: recipe.format.maximumLength,
  });
  return {
    steps,
    stepsPerEpoch,
    lengths,
    withoutSupervision,
    step(step) {
      const batches = microBatches(step);
      const weights = batches.map((indices) => weightOf(indices, options));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return batches.map((indices, place) => ({
        indices,
        shape: { rows: microBatchSize, length: bucketFor(longest(indices), lengths) },
        weight: (weights[place] ?? 0) / total,
        seed: deriveSeed(options.seed, `micro-batch ${place} of step ${step}`),
      }));
    },
  };
}

/**
 * Returns the weight of a micro-batch before normalization: 1 or its number of supervised positions, depending on
 * `lossWeighting`. Without supervised positions the weight is 0; the original code computes a mean of 0 / 0, and the
 * model's weights become NaN.
 */
function weightOf(indices: readonly number[], { set, recipe }: TrainingPlanOptions): number {
  const supervised = indices.reduce((sum, index) => sum + (set.supervised[index] ?? 0), 0);
  return recipe.lossWeighting === "position" ? supervised : Math.min(1, supervised);
}

interface PlanSurvey {
  /** The length of the longest example of each micro-batch. */
  readonly needed: readonly number[];
  readonly withoutSupervision: number;
}

function survey(
  steps: number,
  microBatches: (step: number) => readonly (readonly number[])[],
  longest: (indices: readonly number[]) => number,
  options: TrainingPlanOptions,
): PlanSurvey {
  const needed: number[] = [];
  let withoutSupervision = 0;
  for (let step = 0; step < steps; step++) {
    const batches = microBatches(step);
    const empty = batches.filter((indices) => weightOf(indices, options) === 0).length;
    if (empty === batches.length) throw unsupervisedStep(step, options);
    withoutSupervision += empty;
    for (const indices of batches) needed.push(longest(indices));
  }
  return { needed, withoutSupervision };
}

function unsupervisedStep(step: number, { set, recipe }: TrainingPlanOptions): MlanError {
  return new MlanError(
    "invalid-data",
    `trainer: none of the ${counted(recipe.batchSize, "conversation")} of step ${step + 1} has a supervised position; in all, ` +
      `${set.unsupervised.length} of ${set.length} have none. Remove those from the data, or set lossWeighting to "position", which drops them.`,
  );
}

function epochOrder({ set, recipe, seed }: TrainingPlanOptions, epoch: number): ArrayLike<number> {
  const random = torchRandom(deriveSeed(seed, `order of epoch ${epoch}`));
  if (!recipe.groupByModality) return random.permutation(set.length);
  return modalityGroups({
    lengths: set.words,
    microBatchSize: recipe.microBatchSize,
    microBatches: recipe.batchSize / recipe.microBatchSize,
    random,
    groupLengths: recipe.groupLengths ?? "signed",
  });
}

function lastOnly<Value>(compute: (key: number) => Value): (key: number) => Value {
  let last: { readonly key: number; readonly value: Value } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, value: compute(key) };
    return last.value;
  };
}

import { MlanError, type TrainingRecipe } from "@mlan/core";
import { learningRateFactor } from "./learning-rate.ts";

/** Rates that add up to less hardly change a weight in float32: AdamW moves one by about the rate in each step. */
const LEAST_TOTAL_RATE = 1e-7;

/**
 * What is to be said of a schedule before it begins. Throws `invalid-options` when every one of its `steps` has the
 * learning rate 0.
 */
export function checkSchedule(
  { learningRate, warmupRatio, batchSize, epochs }: TrainingRecipe,
  steps: number,
): readonly string[] {
  let total = 0;
  for (let step = 0; step < steps; step++) total += learningRate * learningRateFactor(step, steps, warmupRatio);
  if (total > 0) {
    if (total >= LEAST_TOTAL_RATE) return [];
    return [
      `The learning rates of all ${steps} steps add up to ${total.toPrecision(2)}, which hardly changes a weight.`,
    ];
  }
  const wayOut =
    learningRate === 0
      ? "Give a learningRate above 0."
      : `A warm-up begins at rate 0. Set warmupRatio (${warmupRatio}) to 0, or make more steps with a smaller batchSize ` +
        `(${batchSize}) or more epochs (${epochs}).`;
  throw new MlanError(
    "invalid-options",
    `trainer: nothing would be learned: ${steps === 1 ? "the only step" : `each of the ${steps} steps`} has the learning rate 0. ${wayOut}`,
  );
}

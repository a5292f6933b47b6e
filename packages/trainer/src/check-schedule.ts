import { MlanError, type TrainingRecipe } from "@mlan/core";
import { learningRateFactor, peakLearningRate } from "./learning-rate.ts";

/**
 * AdamW changes a weight by about the learning rate in each step. If the learning rates of all steps add up to less
 * than this number, float32 weights hardly change.
 */
const MINIMUM_TOTAL_RATE = 1e-7;

/**
 * Checks the learning rate schedule and returns warnings. Throws `invalid-options` when all `steps` have learning rate
 * 0.
 */
export function checkSchedule(recipe: TrainingRecipe, steps: number): readonly string[] {
  const { trained, warmupRatio, batchSize, epochs } = recipe;
  const learningRate = Math.max(...trained.map((component) => peakLearningRate(recipe, component)));
  let total = 0;
  for (let step = 0; step < steps; step++) total += learningRate * learningRateFactor(step, steps, warmupRatio);
  if (total > 0) {
    if (total >= MINIMUM_TOTAL_RATE) return [];
    return [
      `The learning rates of all ${steps} steps add up to ${total.toPrecision(2)}, which hardly changes a weight.`,
    ];
  }
  const remedy =
    learningRate === 0
      ? "Set a learningRate above 0."
      : `The warm-up starts at rate 0. Set warmupRatio (${warmupRatio}) to 0, or train for more steps with a smaller batchSize ` +
        `(${batchSize}) or more epochs (${epochs}).`;
  throw new MlanError(
    "invalid-options",
    `trainer: nothing would be learned: ${steps === 1 ? "the only step" : `each of the ${steps} steps`} has learning rate 0. ${remedy}`,
  );
}

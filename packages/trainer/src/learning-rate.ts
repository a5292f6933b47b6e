import type { Component, TrainingRecipe } from "@mlan/core";

/** Returns the peak learning rate of a component. */
export function peakLearningRate(
  { learningRate, learningRates }: Pick<TrainingRecipe, "learningRate" | "learningRates">,
  component: Component,
): number {
  return learningRates?.[component] ?? learningRate;
}

/** Returns the number of steps in which the learning rate rises, rounded up as in the original code. */
export function warmupSteps(steps: number, warmupRatio: number): number {
  return Math.ceil(steps * warmupRatio);
}

/**
 * Returns the learning rate of `step`, counted from 0, as a fraction of the peak. It rises linearly from 0, and then
 * follows half a cosine to 0. The first step has learning rate 0 (transformers 4.37.2,
 * `get_cosine_schedule_with_warmup`).
 */
export function learningRateFactor(step: number, steps: number, warmupRatio: number): number {
  const warmup = warmupSteps(steps, warmupRatio);
  if (step < warmup) return step / Math.max(1, warmup);
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
}

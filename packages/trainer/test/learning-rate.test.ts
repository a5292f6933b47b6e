import { warmupSteps } from "#internal/learning-rate.ts";
import { learningRateFactor } from "@mlan/trainer";
import { describe, expect, it } from "vitest";

describe("the learning rate of arXiv 2411.10557", () => {
  // oxfmt-ignore
  it.each([
    // steps, warm-up steps
    [2181, 66], // stage 1: ceil(65.43)
    [1250, 38], // stage 2: ceil(37.5)
    [   1,  1],
    [ 100,  3],
  ])("warms up over 3 %% of %i steps: %i", (steps, warmup) => {
    expect(warmupSteps(steps, 0.03)).toBe(warmup);
  });

  it.each([
    // 0-based step, peak, rate as logged by the official stage-1 run
    [0, 1e-3, 0],
    [1, 1e-3, 1.5151515151515153e-5],
    [2, 1e-3, 3.0303030303030306e-5],
  ])("uses the logged rate of update %i", (step, peak, rate) => {
    expect(peak * learningRateFactor(step, 2181, 0.03)).toBe(rate);
  });

  it("peaks when it is warm, is half in the middle of the fall, and ends just above 0", () => {
    expect(learningRateFactor(38, 1250, 0.03)).toBe(1);
    expect(learningRateFactor(644, 1250, 0.03)).toBeCloseTo(0.5, 15);
    expect(learningRateFactor(1249, 1250, 0.03)).toBeGreaterThan(0);
    expect(learningRateFactor(1249, 1250, 0.03)).toBeLessThan(2e-6);
    expect(learningRateFactor(1250, 1250, 0.03)).toBe(0);
  });
});

import { expect, it } from "vitest";
import { type MomentPrecision, tuningLosses } from "../tuning-losses.ts";
import { scratchFolder } from "./tiny-model.ts";

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

// Three trainings, each of half a minute on two slow cores.
it("tunes the miniature to the same loss with moments in 16 and 8 bits", { timeout: 600_000 }, async () => {
  const folder = await scratchFolder();
  const tuned = (momentPrecision: MomentPrecision): Promise<readonly number[]> =>
    tuningLosses({ folder, momentPrecision, steps: 60, batchSize: 4, seed: 7 });
  const exact = await tuned("float32");
  expect(exact).toHaveLength(60);
  // The loss falls far enough to show a difference.
  expect(mean(exact.slice(-10))).toBeLessThan(0.75 * exact[0]!);
  for (const momentPrecision of ["bfloat16", "int8"] as const) {
    const losses = await tuned(momentPrecision);
    expect(losses).toHaveLength(60);
    expect(losses).not.toEqual(exact);
    expect(Math.abs(mean(losses.slice(-10)) / mean(exact.slice(-10)) - 1), momentPrecision).toBeLessThan(0.02);
  }
});

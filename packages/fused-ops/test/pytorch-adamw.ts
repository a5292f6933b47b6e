import { readFileSync } from "node:fs";
import { type AdamWParameter, applyAdamW } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";

/** From tools/fixtures/adamw.py with torch.optim.AdamW; one row per parameter. */
const fixture = JSON.parse(readFileSync(new URL("fixtures/adamw.json", import.meta.url), "utf8")) as Readonly<
  Record<"start" | "firstMoments" | "secondMoments", number[][]>
> &
  Readonly<Record<"gradients" | "after", number[][][]>> &
  Readonly<Record<"weightDecays" | "learningRates", number[]>>;

const NUMBERS = [
  { given: "numbers", numbers: (learningRate: number, step: number) => ({ learningRate, step }) },
  {
    given: "tensors",
    numbers: (learningRate: number, step: number) => ({
      learningRate: tf.scalar(learningRate),
      step: tf.scalar(step, "int32"),
    }),
  },
];

/**
 * Tests that the current backend's AdamW agrees with PyTorch's. `momentTolerance` is the relative tolerance for
 * moments.
 */
export function testFusedAdamW(backendName: string, momentTolerance = 1e-5): void {
  it.each(NUMBERS)(
    `the fused AdamW of ${backendName} follows PyTorch over 20 steps, told rate and step as $given`,
    async ({ numbers }) => {
      expect(tf.getBackend()).toBe(backendName);
      expect(tf.getKernel("ApplyAdamW", backendName)).toBeDefined();
      const parameters = fixture.start.map((start, row): AdamWParameter => ({
        variable: variable(start),
        firstMoment: variable(start.map(() => 0)),
        secondMoment: variable(start.map(() => 0)),
        weightDecay: fixture.weightDecays[row]!,
      }));
      for (const [index, gradients] of fixture.gradients.entries()) {
        const tensors = gradients.map((gradient) => tf.tensor1d(gradient));
        applyAdamW(parameters, tensors, numbers(fixture.learningRates[index]!, index + 1));
        tf.dispose(tensors);
        for (const [row, parameter] of parameters.entries())
          await expectClose(parameter.variable, fixture.after[index]![row]!, 1e-6);
      }
      for (const [row, { firstMoment, secondMoment }] of parameters.entries()) {
        await expectClose(firstMoment, fixture.firstMoments[row]!, momentTolerance);
        await expectClose(secondMoment, fixture.secondMoments[row]!, momentTolerance);
      }
    },
  );
}

const variable = (values: number[]): tf.Variable => tf.tidy(() => tf.variable(tf.tensor1d(values)));

async function expectClose(actual: tf.Tensor, expected: number[], relative: number): Promise<void> {
  const values = await actual.data();
  expect(values.length).toBe(expected.length);
  expected.forEach((value, index) =>
    expect(Math.abs(values[index]! - value)).toBeLessThan(relative * Math.abs(value) + 1e-30),
  );
}

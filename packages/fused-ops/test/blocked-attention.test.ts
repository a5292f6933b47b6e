import { compiled, useOnnxBackend } from "@mlan/backend-onnx";
import { attention, registerGradients, valueAndGradients } from "@mlan/fused-ops";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { expectClose, wave } from "./differentiation.ts";

registerGradients();
afterEach(async () => void (await tf.setBackend("cpu")));

interface Sizes {
  readonly rows: number;
  readonly keyValueHeads: number;
  readonly group: number;
  readonly length: number;
  /** Number of keys before the first query's own. */
  readonly earlier: number;
  readonly masked: "none" | "causal" | "padding";
}

const DIMENSION = 3;

/** Returns a mask for causal attention. "padding" also hides the first r keys of row r. */
function maskOf({ rows, length, earlier, masked }: Sizes): tf.Tensor | undefined {
  if (masked === "none") return undefined;
  const positions = earlier + length;
  const separate = masked === "padding" ? rows : 1;
  const values = new Float32Array(separate * length * positions);
  for (let row = 0; row < separate; row++)
    for (let query = 0; query < length; query++)
      for (let key = 0; key < positions; key++)
        if (key > earlier + query || (masked === "padding" && key < row && key < earlier))
          values[(row * length + query) * positions + key] = -1e9;
  return tf.tensor(values, [separate, 1, 1, length, positions]);
}

function inputsOf({ rows, keyValueHeads, group, length, earlier }: Sizes): tf.Tensor4D[] {
  const positions = earlier + length;
  return [
    wave([rows, keyValueHeads * group, length, DIMENSION], 0),
    wave([rows, keyValueHeads, positions, DIMENSION], 1),
    wave([rows, keyValueHeads, positions, DIMENSION], 2),
  ] as tf.Tensor4D[];
}

/** Returns the result, and the gradients of its sum weighted by sines. */
function results(sizes: Sizes, scores: number): number[][] {
  const inputs = inputsOf(sizes);
  const options = { mask: maskOf(sizes), causal: sizes.masked !== "none", scores };
  const [query, key, value] = inputs as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const before = tf.memory().numTensors;
  const weights = wave(query.shape, 5);
  const run = (): tf.Tensor[] => {
    const { value: attended, gradients } = valueAndGradients(
      () => attention(query, key, value, options),
      inputs,
      weights,
    );
    return [attended, ...gradients.map((gradient, index) => gradient ?? tf.zerosLike(inputs[index]!))];
  };
  const tensors = run();
  const values = tensors.map((tensor) => [...tensor.dataSync()]);
  tf.dispose([...tensors, weights]);
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([...inputs, ...(options.mask ? [options.mask] : [])]);
  return values;
}

/** All scores at once. */
const WHOLE = Infinity;

describe("attention block by block", () => {
  it("has the result and the gradients of all scores at once, for any sizes", async () => {
    await tf.setBackend("cpu");
    const sizes = fc.record({
      rows: fc.integer({ min: 1, max: 3 }),
      keyValueHeads: fc.integer({ min: 1, max: 3 }),
      group: fc.integer({ min: 1, max: 2 }),
      length: fc.integer({ min: 1, max: 200 }),
      earlier: fc.integer({ min: 0, max: 5 }),
      masked: fc.constantFrom("none" as const, "causal" as const, "padding" as const),
    });
    const scores = fc.constantFrom(1, 5_000, 30_000);
    fc.assert(
      fc.property(sizes, scores, (given, limit) => {
        const whole = results(given, WHOLE);
        results(given, limit).forEach((values, index) => expectClose(values, whole[index]!, 1e-6));
      }),
      { numRuns: 10 },
    );
  });

  it.each(["none", "causal", "padding"] as const)("is the same on onnx, with mask: %s", async (masked) => {
    const sizes: Sizes = { rows: 3, keyValueHeads: 2, group: 2, length: 150, earlier: 3, masked };
    await tf.setBackend("cpu");
    const whole = results(sizes, WHOLE);
    await useOnnxBackend({ threads: 2 });
    for (const scores of [5_000, 40_000])
      results(sizes, scores).forEach((values, index) => expectClose(values, whole[index]!, 1e-6));
  });

  it("never holds all scores, in either pass", async () => {
    await tf.setBackend("cpu");
    const largest = (length: number): number => {
      const inputs = inputsOf({ rows: 1, keyValueHeads: 1, group: 1, length, earlier: 0, masked: "none" });
      let most = 0;
      const note = (): void => void (most = Math.max(most, tf.memory().numBytes));
      const [query, key, value] = inputs as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const before = tf.memory().numBytes;
      const watched = tf.customGrad<tf.Tensor4D>((given) => ({
        value: tf.clone(given as tf.Tensor4D),
        gradFunc: (dy: tf.Tensor4D) => (note(), [tf.clone(dy)]),
      }));
      const { value: sum, gradients } = valueAndGradients(() => {
        let attended = watched(query);
        for (let layer = 0; layer < 3; layer++) attended = attention(attended, key, value, { scores: 64 * length });
        note();
        return attended;
      }, inputs);
      tf.dispose([sum, ...inputs, ...gradients.flatMap((gradient) => gradient ?? [])]);
      return most - before;
    };
    // Linear in the length: twice as many positions need twice as much memory, not four times.
    expect(largest(512) / largest(256)).toBeLessThan(2.1);
  });

  it("is recorded and replayed by compiled functions", async () => {
    await useOnnxBackend({ threads: 2 });
    const sizes: Sizes = { rows: 2, keyValueHeads: 2, group: 1, length: 150, earlier: 0, masked: "causal" };
    const [query, key, value] = inputsOf(sizes) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
    const mask = maskOf(sizes)!;
    const step = compiled((given: tf.Tensor4D): tf.Tensor[] => {
      const attend = (): tf.Tensor4D => attention(given, key, value, { mask, causal: true, scores: 20_000 });
      const { value: attended, gradients } = valueAndGradients(attend, [given]);
      return [attended, ...gradients.flatMap((gradient) => gradient ?? [])];
    });
    const first = step(query).map((tensor) => [...tensor.dataSync()]);
    const again = step(query).map((tensor) => [...tensor.dataSync()]);
    expect(again).toEqual(first);
    step.dispose();
  });

  it("refuses causal attention without a mask, or with fewer keys than queries", () => {
    const [query, key, value] = [
      [1, 1, 4, 2],
      [1, 1, 3, 2],
      [1, 1, 3, 2],
    ].map((shape) => wave(shape, 0)) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
    expect(() => attention(query, key, value, { causal: true })).toThrow(/without a mask/);
    expect(() => attention(query, key, value, { causal: true, mask: tf.zeros([4, 3]) })).toThrow(/4 queries to 3 keys/);
  });
});

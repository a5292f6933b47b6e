import { compiled, useOnnxBackend } from "@mlan/backend-onnx";
import { type AdamWParameter, applyAdamW, packedMoment, unpackedMoment, zeroMoment } from "@mlan/fused-ops";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

beforeEach(() => useOnnxBackend({ threads: 2 }));
afterEach(() => tf.disposeVariables());

type Precision = "float32" | "bfloat16" | "int8";
type Narrow = Exclude<Precision, "float32">;

function parameter(values: Float32Array, momentPrecision: Precision): AdamWParameter {
  const variable = tf.tidy(() => tf.variable(tf.tensor1d(values)));
  const zeros = (): tf.Variable => zeroMoment(variable.shape, momentPrecision);
  return { variable, firstMoment: zeros(), secondMoment: zeros(), weightDecay: 0.01 };
}

function update(
  parameters: readonly AdamWParameter[],
  gradient: Float32Array,
  step: number,
  momentPrecision: Precision,
) {
  const tensor = tf.tensor1d(gradient);
  applyAdamW(
    parameters,
    parameters.map(() => tensor),
    { learningRate: 1e-3, step, momentPrecision },
  );
  tensor.dispose();
}

/** Both moments of a parameter as float32. */
function momentsOf(precision: Narrow, state: AdamWParameter): [first: Float32Array, second: Float32Array] {
  const { variable, firstMoment, secondMoment } = state;
  if (precision === "int8")
    return [eightBits(firstMoment, variable.size, true), eightBits(secondMoment, variable.size, false)];
  const read = (moment: tf.Variable): Float32Array => unpackedMoment(moment.dataSync<"int32">(), variable.size);
  return [read(firstMoment), read(secondMoment)];
}

/** Decodes blocks of 256 codes: 0, or a float below 2 with 3 or 4 bits of fraction whose largest code is the block's scale. */
function eightBits(moment: tf.Variable, size: number, isSigned: boolean): Float32Array {
  const elements = moment.dataSync<"int32">();
  const blocks = Math.ceil(size / 256);
  const codes = new Uint8Array(elements.buffer, elements.byteOffset, 256 * blocks);
  const scales = new Float32Array(elements.buffer, elements.byteOffset + 256 * blocks, blocks);
  const [largest, fraction] = isSigned ? [127, 8] : [255, 16];
  return Float32Array.from({ length: size }, (_, index) => {
    const code = codes[index]!;
    const magnitude = isSigned ? code & 127 : code;
    if (magnitude === 0) return 0;
    const below = largest - magnitude;
    const octave = Math.ceil(below / fraction);
    const value = 2 ** -octave * (1 + (octave * fraction - below) / fraction);
    return (isSigned && code > 127 ? -1 : 1) * value * scales[index >> 8]!;
  });
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Greatest relative error of one rounding, for each of the two moments. */
const SPACING: Readonly<Record<Narrow, readonly [first: number, second: number]>> = {
  bfloat16: [1 / 128, 1 / 128],
  int8: [1 / 8, 1 / 16],
};

describe.each(["bfloat16", "int8"] as const)("AdamW with moments in %s", (precision) => {
  it.each([1, 2, 3, 17, 33, 256, 257, 1000])("rounds each of %d moments to a neighboring value", (size) => {
    const gradient = Float32Array.from({ length: size }, (_, index) => Math.sin(index + 1) / 7);
    const [narrow, wide] = [precision, "float32" as const].map((one) => {
      const state = parameter(new Float32Array(size).fill(1), one);
      update([state], gradient, 1, one);
      return state;
    });
    expect([...narrow!.variable.dataSync()]).toEqual([...wide!.variable.dataSync()]);
    const exact = [wide!.firstMoment, wide!.secondMoment].map((moment) => moment.dataSync());
    momentsOf(precision, narrow!).forEach((values, place) =>
      values.forEach((value, index) => {
        const expected = exact[place]![index]!;
        // In int8, the smallest value is 2 ** -15 times the scale.
        const smallest = precision === "int8" ? Math.max(...exact[place]!.map(Math.abs)) * 2 ** -15 : 0;
        const spacing = Math.abs(expected) * SPACING[precision][place]! * 1.001;
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(Math.max(spacing, smallest));
      }),
    );
  });

  it("rounds without bias, and differently in each step", () => {
    const size = 20_000;
    const state = parameter(new Float32Array(size), precision);
    // One value in each block determines its scale; the others are between two values of either precision.
    const gradient = Float32Array.from({ length: size }, (_, index) => (index % 256 === 0 ? 1 : 0.777));
    update([state], gradient, 1, precision);
    const [first, second] = momentsOf(precision, state).map((values) => values.filter((_, index) => index % 256 > 0));
    const tolerance = precision === "bfloat16" ? 4 : 2;
    expect(new Set(first).size).toBe(2);
    expect(mean(first!) / (0.1 * 0.777)).toBeCloseTo(1, tolerance);
    expect(mean(second!) / (0.001 * 0.777 ** 2)).toBeCloseTo(1, tolerance);
    const again = parameter(new Float32Array(size), precision);
    update([again], gradient, 2, precision);
    expect(again.firstMoment.dataSync()).not.toEqual(state.firstMoment.dataSync());
  });

  it("lets second moments decay, which rounding to nearest would not", () => {
    const size = 4000;
    const state = parameter(new Float32Array(size), precision);
    const gradient = new Float32Array(size).fill(1);
    update([state], gradient, 1, precision);
    // One value in each block keeps its scale from decaying.
    const only = gradient.map((_, index) => (index % 256 === 0 ? 1 : 0));
    for (let step = 2; step <= 501; step++) update([state], only, step, precision);
    const second = momentsOf(precision, state)[1].filter((_, index) => index % 256 > 0);
    expect(mean(second) / (0.001 * 0.999 ** 500)).toBeCloseTo(1, 1);
  });

  it("moves parameters as float32 moments do, but for noise", () => {
    const size = 2000;
    const start = Float32Array.from({ length: size }, (_, index) => Math.cos(index));
    const states = ([precision, "float32"] as const).map((one) => {
      const state = parameter(start, one);
      for (let step = 1; step <= 60; step++) {
        // Gradients of very different sizes in each block.
        const gradient = Float32Array.from(
          { length: size },
          (_, index) => 10 ** (-(index % 4) / 2) * (Math.sin(0.3 * index + 0.5 * step) + 0.5),
        );
        update([state], gradient, step, one);
      }
      return state.variable.dataSync<"float32">();
    });
    const moved = Math.sqrt(mean(states[1]!.map((value, index) => (value - start[index]!) ** 2)));
    const apart = Math.sqrt(mean(states[1]!.map((value, index) => (value - states[0]![index]!) ** 2)));
    expect(moved).toBeGreaterThan(0.01);
    expect(apart / moved).toBeLessThan(precision === "bfloat16" ? 0.01 : 0.05);
  });

  it("is the same in a compiled function, and beside parameters of float32 moments before", () => {
    const start = Float32Array.of(1, -2, 3);
    const gradient = Float32Array.of(0.5, -1, 2);
    const plain = parameter(start, precision);
    const recorded = parameter(start, precision);
    // The variable occupies the memory of an update with float32 moments, which are larger.
    update(
      [{ ...recorded, firstMoment: zeroMoment([3], "float32"), secondMoment: zeroMoment([3], "float32") }],
      gradient,
      1,
      "float32",
    );
    recorded.variable.assign(tf.tensor1d(start));
    let count = 0;
    const step = compiled((given: tf.Tensor1D) => {
      applyAdamW([recorded], [given], { learningRate: 1e-3, step: () => count, momentPrecision: precision });
    });
    for (count = 1; count <= 3; count++) {
      update([plain], gradient, count, precision);
      const tensor = tf.tensor1d(gradient);
      step(tensor);
      tensor.dispose();
      expect(recorded.variable.dataSync()).toEqual(plain.variable.dataSync());
      expect(recorded.firstMoment.dataSync()).toEqual(plain.firstMoment.dataSync());
      expect(recorded.secondMoment.dataSync()).toEqual(plain.secondMoment.dataSync());
    }
    step.dispose();
  });

  it("refuses moments of another type, and a backend without the kernel", async () => {
    const wide = parameter(Float32Array.of(1, 2, 3), "float32");
    expect(() => update([wide], new Float32Array(3), 1, precision)).toThrow(
      precision === "bfloat16"
        ? /firstMoments\[0\] is float32 of shape \[3\].*int32 vector of 2/
        : /firstMoments\[0\] is float32 of shape \[3\].*int32 vector of 65/,
    );
    await tf.setBackend("cpu");
    const narrow = parameter(Float32Array.of(1, 2, 3), precision);
    expect(() => update([narrow], new Float32Array(3), 1, precision)).toThrow(/backend cpu has no kernel/);
  });
});

it("packs moments in bfloat16 without a loss", () => {
  const values = Float32Array.of(0.5, -1.25, 3);
  expect(unpackedMoment(packedMoment(values), 3)).toEqual(values);
});

it("gives a small gradient beside a large one a step that is no larger than that of float32 moments", () => {
  const gradient = new Float32Array(256).fill(1e-6);
  gradient[0] = 1;
  const [narrow, wide] = (["int8", "float32"] as const).map((precision) => {
    const state = parameter(new Float32Array(256), precision);
    for (let step = 1; step <= 20; step++) update([state], gradient, step, precision);
    return state.variable.dataSync<"float32">();
  });
  for (const [index, value] of narrow!.entries()) expect(Math.abs(value)).toBeLessThan(Math.abs(wide![index]!) * 1.1);
});

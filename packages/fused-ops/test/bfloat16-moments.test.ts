import { compiled, useOnnxBackend } from "@mlan/backend-onnx";
import { type AdamWParameter, applyAdamW, packedMoment, unpackedMoment, zeroMoment } from "@mlan/fused-ops";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

beforeEach(() => useOnnxBackend({ threads: 2 }));
afterEach(() => tf.disposeVariables());

type Precision = "float32" | "bfloat16";

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

function momentsOf({ variable, firstMoment, secondMoment }: AdamWParameter): [Float32Array, Float32Array] {
  const read = (moment: tf.Variable): Float32Array => unpackedMoment(moment.dataSync<"int32">(), variable.size);
  return [read(firstMoment), read(secondMoment)];
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("AdamW with moments in bfloat16", () => {
  it.each([1, 2, 3, 17, 33, 1000])("rounds each of %d moments to a neighbouring bfloat16", (size) => {
    const gradient = Float32Array.from({ length: size }, (_, index) => Math.sin(index + 1) / 7);
    const [narrow, wide] = (["bfloat16", "float32"] as const).map((precision) => {
      const state = parameter(new Float32Array(size).fill(1), precision);
      update([state], gradient, 1, precision);
      return state;
    });
    expect([...narrow!.variable.dataSync()]).toEqual([...wide!.variable.dataSync()]);
    const exact = [wide!.firstMoment, wide!.secondMoment].map((moment) => moment.dataSync());
    momentsOf(narrow!).forEach((values, place) =>
      values.forEach((value, index) => {
        const expected = exact[place]![index]!;
        expect(Math.abs(value - expected)).toBeLessThan(Math.abs(expected) / 128);
        expect(unpackedMoment(packedMoment(Float32Array.of(value)), 1)[0]).toBe(value);
      }),
    );
  });

  it("rounds without bias, and differently in each step", () => {
    const size = 20_000;
    const state = parameter(new Float32Array(size), "bfloat16");
    // 0.1 * 0.777 lies between two bfloat16 numbers.
    update([state], new Float32Array(size).fill(0.777), 1, "bfloat16");
    const [first, second] = momentsOf(state);
    expect(new Set(first).size).toBe(2);
    expect(mean(first) / (0.1 * 0.777)).toBeCloseTo(1, 4);
    expect(mean(second) / (0.001 * 0.777 ** 2)).toBeCloseTo(1, 4);
    const again = parameter(new Float32Array(size), "bfloat16");
    update([again], new Float32Array(size).fill(0.777), 2, "bfloat16");
    expect(momentsOf(again)[0]).not.toEqual(first);
  });

  it("lets second moments decay, which rounding to nearest would not", () => {
    const size = 4000;
    const state = parameter(new Float32Array(size), "bfloat16");
    update([state], new Float32Array(size).fill(1), 1, "bfloat16");
    for (let step = 2; step <= 501; step++) update([state], new Float32Array(size), step, "bfloat16");
    expect(mean(momentsOf(state)[1]) / (0.001 * 0.999 ** 500)).toBeCloseTo(1, 1);
  });

  it("moves parameters as float32 moments do, but for noise", () => {
    const size = 2000;
    const start = Float32Array.from({ length: size }, (_, index) => Math.cos(index));
    const states = (["bfloat16", "float32"] as const).map((precision) => {
      const state = parameter(start, precision);
      for (let step = 1; step <= 60; step++) {
        const gradient = Float32Array.from({ length: size }, (_, index) => Math.sin(0.3 * index + 0.5 * step) + 0.5);
        update([state], gradient, step, precision);
      }
      return state.variable.dataSync<"float32">();
    });
    const moved = Math.sqrt(mean(states[1]!.map((value, index) => (value - start[index]!) ** 2)));
    const apart = Math.sqrt(mean(states[1]!.map((value, index) => (value - states[0]![index]!) ** 2)));
    expect(moved).toBeGreaterThan(0.01);
    expect(apart / moved).toBeLessThan(0.01);
  });

  it("is the same in a compiled function, and beside parameters of float32 moments before", () => {
    const start = Float32Array.of(1, -2, 3);
    const gradient = Float32Array.of(0.5, -1, 2);
    const plain = parameter(start, "bfloat16");
    const recorded = parameter(start, "bfloat16");
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
      applyAdamW([recorded], [given], { learningRate: 1e-3, step: () => count, momentPrecision: "bfloat16" });
    });
    for (count = 1; count <= 3; count++) {
      update([plain], gradient, count, "bfloat16");
      const tensor = tf.tensor1d(gradient);
      step(tensor);
      tensor.dispose();
      expect(recorded.variable.dataSync()).toEqual(plain.variable.dataSync());
      expect(momentsOf(recorded)).toEqual(momentsOf(plain));
    }
    step.dispose();
  });

  it("refuses moments of another type, and a backend without the kernel", async () => {
    const wide = parameter(Float32Array.of(1, 2, 3), "float32");
    expect(() => update([wide], new Float32Array(3), 1, "bfloat16")).toThrow(
      /firstMoments\[0\] is float32 of shape \[3\].*int32 vector of 2/,
    );
    await tf.setBackend("cpu");
    const narrow = parameter(Float32Array.of(1, 2, 3), "bfloat16");
    expect(() => update([narrow], new Float32Array(3), 1, "bfloat16")).toThrow(/backend cpu has no kernel/);
  });
});

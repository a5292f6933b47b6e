import { Weight } from "#internal/weights/weight.ts";
import { pack16Bits, quantise, unpackMatrix, valueAndGradients } from "@mlan/fused-ops";
import { denseLinear, type Linear, packedLinear, withAdapter } from "@mlan/model-llava";
import { float16Table } from "@mlan/safetensors";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { BACKENDS } from "./backends.ts";

const [INPUTS, OUTPUTS, ROWS] = [6, 5, 3];

describe.each(BACKENDS)("linear maps on $name", ({ use }) => {
  beforeAll(use);

  it("dense: PyTorch's layout, with a bias and without", async () => {
    const weight = weightOf<tf.Rank.R2>([2, 3], [1, 2, 3, 4, 5, 6]);
    const input = tf.tensor2d([1, 0, -1, 2, 1, 0], [2, 3]);
    expect(await numbers(denseLinear(weight).apply(input))).toEqual([-2, -2, 4, 13]);
    const bias = weightOf<tf.Rank.R1>([2], [10, 20]);
    const linear = denseLinear(weight, bias);
    expect(await numbers(linear.apply(input))).toEqual([8, 18, 14, 33]);
    expect(linear).toMatchObject({ inputs: 3, outputs: 2, multiplyAdds: 6, weights: [weight, bias] });
  });

  it("dense: a convolution's kernel counts as one row per output", async () => {
    const linear = denseLinear(weightOf<tf.Rank.R4>([2, 1, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]));
    expect(linear).toMatchObject({ inputs: 4, outputs: 2 });
    expect(await numbers(linear.apply(tf.tensor2d([1, 1, 1, 1], [1, 4])))).toEqual([10, 26]);
  });

  it.each(["BF16", "F16"] as const)("in the stored 16 bits of %s: to the bit as dense, gradients too", async (kind) => {
    const meanings = float16Table(kind);
    const table = tf.tensor1d(meanings);
    // All signs and magnitudes, subnormal ones included; an odd number of values leaves half a word.
    const patterns = Uint16Array.from({ length: INPUTS * OUTPUTS }, (_, index) => (index * 0x0be5 + 0x8003) % 0x10000);
    patterns.set([0, 0x8000, 1, 0x8001]);
    for (const [index, pattern] of patterns.entries())
      if (!Number.isFinite(meanings[pattern])) patterns[index] = pattern & 0x8fff;
    const values = Array.from(patterns, (pattern) => meanings[pattern]!);
    const packed = pack16Bits(patterns, [OUTPUTS, INPUTS], table);
    expect(await numbers(unpackMatrix(packed))).toEqual(values);
    await expectSameAs(packedLinear(packed), denseLinear(weightOf<tf.Rank.R2>([OUTPUTS, INPUTS], values)));
    const odd = pack16Bits(patterns.subarray(0, 15), [5, 3], table);
    expect(await numbers(unpackMatrix(odd))).toEqual(values.slice(0, 15));
  });

  it.each([
    { bits: 8, groupSize: 6 },
    { bits: 8, groupSize: 2 },
    { bits: 4, groupSize: 3 },
  ] as const)("quantised to $bits bits: within half a scale, and as dense of what it means", async (options) => {
    const values = wave(INPUTS * OUTPUTS);
    values.fill(0, 0, options.groupSize);
    const packed = quantise(values, [OUTPUTS, INPUTS], options);
    const meant = await numbers(unpackMatrix(packed));
    const scales = await numbers(packed.scales!);
    for (const [index, value] of values.entries())
      expect(Math.abs(value - meant[index]!)).toBeLessThanOrEqual(
        scales[Math.floor(index / options.groupSize)]! / 2 + 1e-7,
      );
    expect(meant.slice(0, options.groupSize)).toEqual(Array.from({ length: options.groupSize }, () => 0));
    await expectSameAs(packedLinear(packed), denseLinear(weightOf<tf.Rank.R2>([OUTPUTS, INPUTS], meant)));
  });

  it("packed: adds a bias that may learn, and keeps no matrix for the gradient", async () => {
    const bias = weightOf<tf.Rank.R1>([OUTPUTS], wave(OUTPUTS));
    const linear = packedLinear(quantise(wave(INPUTS * OUTPUTS), [OUTPUTS, INPUTS]), bias);
    expect(linear.weights).toEqual([bias]);
    const plain = packedLinear(quantise(wave(INPUTS * OUTPUTS), [OUTPUTS, INPUTS]));
    const input = inputs();
    const difference = tf.tidy(() => tf.mean(tf.sub(linear.apply(input), plain.apply(input)), 0));
    for (const [index, value] of (await numbers(difference)).entries())
      expect(value).toBeCloseTo(wave(OUTPUTS)[index]!, 5);
    let kept = 0;
    tf.dispose(
      valueAndGradients(() => {
        const before = tf.memory().numBytes;
        const output = plain.apply(input);
        kept = tf.memory().numBytes - before - 4 * output.size;
        return output;
      }, [input]).gradients.flatMap((gradient) => gradient ?? []),
    );
    expect(kept).toBe(0);
  });

  it("with an adapter: the base and a scaled low-rank change, whose gradients are finite differences", async () => {
    const base = packedLinear(quantise(wave(INPUTS * OUTPUTS), [OUTPUTS, INPUTS]));
    const a = weightOf<tf.Rank.R2>([2, INPUTS], wave(2 * INPUTS, 2));
    const b = weightOf<tf.Rank.R2>([OUTPUTS, 2], wave(OUTPUTS * 2, 3));
    const linear = withAdapter(base, { a, b, scale: 0.5 });
    expect(linear.weights).toEqual([a, b]);
    expect(linear.multiplyAdds).toBe(INPUTS * OUTPUTS + 2 * INPUTS + 2 * OUTPUTS);
    const input = tf.variable(inputs());
    const loss = (): tf.Scalar => tf.tidy(() => tf.sum(tf.square(linear.apply(input))));
    const variables: tf.Variable[] = [a.learn(), b.learn(), input];
    const { gradients } = valueAndGradients(loss, variables);
    for (const [place, variable] of variables.entries()) {
      const gradient = await numbers(gradients[place]!);
      for (const [index, slope] of (await slopes(variable, loss)).entries())
        expect(Math.abs(gradient[index]! - slope)).toBeLessThan(1e-2 * Math.max(1, Math.abs(slope)));
    }
    b.set(tf.zeros([OUTPUTS, 2]));
    expect(await numbers(linear.apply(input))).toEqual(await numbers(base.apply(input)));
  });
});

describe("packing", () => {
  it("refuses what does not fit", () => {
    expect(() => quantise(new Float32Array(6), [2, 4])).toThrow(/6 values .* \[2, 4\]/);
    expect(() => quantise(new Float32Array(8), [2, 4], { groupSize: 3 })).toThrow(/groupSize 3 does not divide 4/);
    expect(() => quantise(Float32Array.of(1, NaN), [1, 2])).toThrow(/not finite/);
  });
});

/** Finite differences of `loss` by each value of a variable. */
async function slopes(variable: tf.Variable, loss: () => tf.Scalar): Promise<number[]> {
  const values = await variable.data<"float32">();
  const found: number[] = [];
  const step = 1e-2;
  for (const [index, value] of values.entries()) {
    const at = async (moved: number): Promise<number> => {
      variable.assign(tf.tensor(values.with(index, moved), variable.shape));
      return (await numbers(loss()))[0]!;
    };
    found.push(((await at(value + step)) - (await at(value - step))) / (2 * step));
  }
  variable.assign(tf.tensor(values, variable.shape));
  return found;
}

async function expectSameAs(linear: Linear, dense: Linear): Promise<void> {
  expect([linear.inputs, linear.outputs, linear.multiplyAdds]).toEqual([
    dense.inputs,
    dense.outputs,
    dense.multiplyAdds,
  ]);
  const input = inputs();
  const [mine, reference] = await Promise.all(
    [linear, dense].map(async ({ apply }) => {
      const { value, gradients } = valueAndGradients(() => apply(input), [input]);
      return [await numbers(value), await numbers(gradients[0]!)];
    }),
  );
  expect(mine).toEqual(reference);
}

function inputs(): tf.Tensor2D {
  return tf.tensor2d(wave(ROWS * INPUTS, 1), [ROWS, INPUTS]);
}

function wave(length: number, phase = 0): Float32Array {
  return Float32Array.from({ length }, (_, index) => Math.sin(index * 1.7 + phase));
}

function weightOf<Rank extends tf.Rank>(shape: tf.ShapeMap[Rank], values: ArrayLike<number>): Weight<Rank> {
  const weight = new Weight<Rank>("language", "tested", shape);
  weight.set(tf.tensor(Float32Array.from(values), [...shape]));
  return weight;
}

async function numbers(tensor: tf.Tensor): Promise<number[]> {
  return [...(await tensor.data())];
}

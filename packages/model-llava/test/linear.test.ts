import { Weight } from "#internal/weights/weight.ts";
import { quantize, quantizedMatrix, storedMatrix, valueAndGradients } from "@mlan/fused-ops";
import { seededRandom } from "@mlan/core";
import { denseLinear, frozenLinear, type Linear, withAdapter } from "@mlan/model-llava";
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

  it.each([
    ["bfloat16", "BF16"],
    ["float16", "F16"],
  ] as const)("in the stored 16 bits of %s: to the bit as dense, gradients too", async (format, kind) => {
    const meanings = float16Table(kind);
    // All signs and magnitudes, including subnormal numbers.
    const patterns = Uint16Array.from({ length: INPUTS * OUTPUTS }, (_, index) => (index * 0x0be5 + 0x8003) % 0x10000);
    patterns.set([0, 0x8000, 1, 0x8001]);
    for (const [index, pattern] of patterns.entries())
      if (!Number.isFinite(meanings[pattern])) patterns[index] = pattern & 0x8fff;
    const values = Array.from(patterns, (pattern) => meanings[pattern]!);
    const matrix = storedMatrix(new Uint8Array(patterns.buffer), [OUTPUTS, INPUTS], format);
    expect(await numbers(matrix.widen())).toEqual(values);
    await expectSameAs(frozenLinear(matrix), denseLinear(weightOf<tf.Rank.R2>([OUTPUTS, INPUTS], values)));
    // An odd number of values leaves half a word unused.
    const odd = storedMatrix(new Uint8Array(patterns.buffer, 0, 30), [5, 3], format);
    expect(await numbers(odd.widen())).toEqual(values.slice(0, 15));
  });

  it.each([{ bits: 8 }, { bits: 4 }] as const)(
    "quantized to $bits bits: within half a scale, with gradients of the values that the codes represent",
    async ({ bits }) => {
      // The last block of each row has 4 columns.
      const [rows, columns, blockSize] = [5, 36, 16];
      const values = wave(rows * columns);
      values.fill(0, 0, blockSize);
      const quantized = quantize(values, [rows, columns], { bits, blockSize });
      const matrix = quantizedMatrix(quantized);
      const meant = await numbers(matrix.widen());
      for (const [index, value] of values.entries()) {
        const scale = quantized.scales[Math.floor(index / columns) * 3 + Math.floor((index % columns) / blockSize)]!;
        // With 4 bits, a smaller scale may clip the largest values.
        const most = bits === 8 ? Math.abs(scale) / 2 + 1e-7 : Math.abs(scale) * 2;
        expect(Math.abs(value - meant[index]!)).toBeLessThanOrEqual(most);
      }
      expect(meant.slice(0, blockSize)).toEqual(Array.from({ length: blockSize }, () => 0));
      const dense = denseLinear(weightOf<tf.Rank.R2>([rows, columns], meant));
      const input = tf.tensor2d(wave(2 * columns, 1), [2, columns]);
      const [exact, reference] = [frozenLinear(matrix), dense].map(({ apply }) =>
        valueAndGradients(() => apply(input), [input]),
      );
      expect(await numbers(exact!.value)).toEqual(await numbers(reference!.value));
      expect(await numbers(exact!.gradients[0]!)).toEqual(await numbers(reference!.gradients[0]!));
      // Outside a gradient the input may be quantized too.
      const answer = await numbers(frozenLinear(matrix).apply(input));
      const expected = await numbers(reference!.value);
      const largest = Math.max(...expected.map(Math.abs));
      for (const [index, value] of answer.entries())
        expect(Math.abs(value - expected[index]!)).toBeLessThan(0.02 * largest);
    },
  );

  it("frozen: adds a trainable bias, and keeps no matrix for the gradient", async () => {
    const bias = weightOf<tf.Rank.R1>([OUTPUTS], wave(OUTPUTS));
    const matrix = quantizedMatrix(quantize(wave(INPUTS * OUTPUTS), [OUTPUTS, INPUTS]));
    const linear = frozenLinear(matrix, bias);
    expect(linear.weights).toEqual([bias]);
    const plain = frozenLinear(matrix);
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

  it("with an adapter: the base plus a scaled low-rank update, with gradients equal to finite differences", async () => {
    // The upper 16 bits of a float32 number are its bfloat16 number.
    const halves = new Uint16Array(wave(INPUTS * OUTPUTS).buffer).filter((_, index) => index % 2 === 1);
    const base = frozenLinear(storedMatrix(new Uint8Array(halves.buffer), [OUTPUTS, INPUTS], "bfloat16"));
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

describe("quantize", () => {
  it("refuses invalid arguments", () => {
    expect(() => quantize(new Float32Array(6), [2, 4])).toThrow(/6 values .* \[2, 4\]/);
    expect(() => quantize(new Float32Array(8), [2, 4], { blockSize: 24 })).toThrow(
      /blockSize 24 is not a power of two/,
    );
    expect(() => quantize(Float32Array.of(1, NaN), [1, 2])).toThrow(/holds NaN/);
    expect(() => storedMatrix(new Uint8Array(6), [2, 4], "float16")).toThrow(/6 bytes .* \[2, 4\]/);
  });

  it("finds a 4-bit scale with a smaller error than the scale of the largest value", () => {
    const random = seededRandom(1);
    const values = Float32Array.from(
      { length: 128 * 64 },
      () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
    );
    const squared = (found: (index: number) => number): number =>
      values.reduce((sum, value, index) => sum + (value - found(index)) ** 2, 0);
    const { codes, scales } = quantize(values, [64, 128], { bits: 4 });
    const found = squared(
      (index) => (((codes[index >> 1]! >> (4 * (index & 1))) & 15) - 8) * scales[Math.floor(index / 128)]!,
    );
    const plain = squared((index) => {
      const row = values.subarray(128 * Math.floor(index / 128), 128 * Math.floor(index / 128) + 128);
      const scale = Math.max(...row.map(Math.abs)) / 7;
      return Math.round(values[index]! / scale) * scale;
    });
    expect(found).toBeLessThan(0.85 * plain);
  });
});

/** Returns the finite differences of `loss` for each value of a variable. */
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

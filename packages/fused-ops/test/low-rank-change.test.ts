import {
  dropoutColumns,
  dropoutRows,
  dropped,
  lowRankChange,
  registerGradients,
  valueAndGradients,
} from "@mlan/fused-ops";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";

beforeAll(async () => {
  await tf.setBackend("cpu");
  registerGradients();
});

/** Returns uniform numbers in [0, 1) (mulberry32). */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = (shape: [number, number], seed: number): tf.Tensor2D => tf.randomUniform(shape, -1, 1, "float32", seed);

describe("a dropout of seeded numbers", () => {
  const [ROWS, COLUMNS, RATE] = [400, 300, 0.2];

  function mask(rowSeed: number, columnSeed: number): Float32Array {
    return tf.tidy(() => {
      const rows = tf.tensor2d(dropoutRows(ROWS, uniform(rowSeed)), [ROWS, 3]);
      const columns = tf.tensor2d(dropoutColumns(COLUMNS, uniform(columnSeed)), [3, COLUMNS]);
      return dropped(tf.ones([ROWS, COLUMNS]), { rate: RATE, rows, columns })
        .dataSync<"float32">()
        .slice();
    });
  }
  const isDropped = (values: Float32Array): number[] => Array.from(values, (value) => (value === 0 ? 1 : 0));

  it("drops the share that it is given, in every row and column, and scales the rest", () => {
    const values = mask(1, 2);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / (1 - RATE))]));
    const all = isDropped(values);
    const share = (of: readonly number[]): number => of.reduce((sum, value) => sum + value, 0) / of.length;
    expect(Math.abs(share(all) - RATE)).toBeLessThan(0.005);
    // Six standard deviations.
    for (let row = 0; row < ROWS; row++)
      expect(Math.abs(share(all.slice(row * COLUMNS, (row + 1) * COLUMNS)) - RATE)).toBeLessThan(0.14);
    for (let column = 0; column < COLUMNS; column++)
      expect(Math.abs(share(all.filter((_, index) => index % COLUMNS === column)) - RATE)).toBeLessThan(0.12);
  });

  it("drops neighbors, other batches and other maps independently, and the same again for the same numbers", () => {
    const values = mask(1, 2);
    expect(mask(1, 2)).toEqual(values);
    const [all, otherRows, otherColumns] = [values, mask(3, 2), mask(1, 4)].map(isDropped);
    const both = (other: readonly number[], shift = 0): number =>
      (all ?? []).reduce((sum, value, index) => sum + value * (other[index + shift] ?? 0), 0) / (ROWS * COLUMNS);
    const pairs = [both(all ?? [], 1), both(all ?? [], COLUMNS), both(otherRows ?? []), both(otherColumns ?? [])];
    for (const pair of pairs) expect(Math.abs(pair - RATE * RATE)).toBeLessThan(0.005);
  });
});

describe.each([false, true])("a low-rank change, with dropout: %s", (drops) => {
  it("has the value and the gradients of its composition", async () => {
    const [x, a, b, dy] = [random([5, 6], 1), random([2, 6], 2), random([4, 2], 3), random([5, 4], 4)] as const;
    const rows = tf.tensor2d(dropoutRows(5, uniform(5)), [5, 3]);
    const columns = tf.tensor2d(dropoutColumns(6, uniform(6)), [3, 6]);
    const dropout = drops ? { rate: 0.4, rows, columns } : undefined;
    const factors = dropout ? dropped(tf.onesLike(x), dropout) : tf.onesLike(x);
    const composed = (): tf.Tensor2D =>
      tf.mul(tf.matMul(tf.matMul(tf.mul<tf.Tensor2D>(x, factors), a, false, true), b, false, true), 1.5);
    const actual = valueAndGradients(() => lowRankChange(x, a, b, { scale: 1.5, dropout }), [x, a, b], dy);
    const wanted = valueAndGradients(composed, [x, a, b], dy);
    const values = async ({ value, gradients }: typeof actual): Promise<readonly number[]> =>
      (await Promise.all([value, ...gradients].map(async (tensor) => [...((await tensor?.data()) ?? [])]))).flat();
    const [left, right] = [await values(actual), await values(wanted)];
    expect(left).toHaveLength(5 * 4 + 5 * 6 + 2 * 6 + 4 * 2);
    for (const [index, value] of left.entries()) expect(value).toBeCloseTo(right[index] ?? NaN, 5);
    const zeros = drops ? (await factors.data()).filter((value) => value === 0).length : 0;
    expect(zeros > 0).toBe(drops);
  });
});

import { BackendError, compiled, explain, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import { matMulFrozen, quantize, quantizedMatrix, storedMatrix, type FrozenMatrix } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { bfloat16, values } from "./matrix-values.ts";
import { nativeBytes } from "./native-bytes.ts";

const [ROWS, COLUMNS] = [192, 160];

beforeAll(() => useOnnxBackend());

const given = values(ROWS * COLUMNS, 1);
const KINDS: readonly (readonly [string, () => FrozenMatrix])[] = [
  ["16 bits", () => storedMatrix(bfloat16(given), [ROWS, COLUMNS], "bfloat16")],
  ["8 bits", () => quantizedMatrix(quantize(given, [ROWS, COLUMNS], { bits: 8, blockSize: 32 }))],
  ["4 bits", () => quantizedMatrix(quantize(given, [ROWS, COLUMNS], { bits: 4, blockSize: 32 }))],
];

describe.each(KINDS)("a matrix of %s", (_, open) => {
  test("multiplies any number of rows, and the input's view too", () => {
    const matrix = open();
    for (const rows of [1, 3, 40]) {
      const input = tf.tensor3d(values(rows * COLUMNS, rows), [1, rows, COLUMNS]);
      const found = tf.tidy(() => matMulFrozen(tf.reshape(tf.mul(input, 2), [rows, COLUMNS]), matrix).dataSync());
      const expected = tf.tidy(() =>
        tf.matMul(tf.reshape(tf.mul(input, 2), [rows, COLUMNS]), matrix.widen(), false, true).dataSync(),
      );
      expectClose(found, expected);
      expectClose(
        tf.tidy(() => matMulFrozen(tf.reshape(input, [rows, COLUMNS]), matrix).dataSync()),
        expected.map((value) => value / 2),
      );
      input.dispose();
    }
    matrix.dispose();
  });

  test("gives its rows at indices, also of a compiled function", () => {
    const matrix = open();
    const indices = tf.tensor1d([5, 0, 191, 5], "int32");
    const expected = tf.tidy(() => tf.gather(matrix.widen(), indices).dataSync());
    const fn = compiled((rows: tf.Tensor1D) => matrix.rowsAt(rows));
    for (const found of [matrix.rowsAt(indices), fn(indices), fn(indices)]) {
      expect(found.dataSync()).toEqual(expected);
      found.dispose();
    }
    expect(() => matrix.rowsAt(tf.tensor1d([192], "int32")).dataSync()).toThrow(/192/);
    fn.dispose();
    for (const one of [matrix, indices]) one.dispose();
  });

  test("gives a compiled function the results of the function itself", () => {
    const matrix = open();
    const fn = (input: tf.Tensor2D): tf.Tensor2D =>
      tf.tidy(() => tf.relu(tf.add(matMulFrozen(tf.mul(input, 3), matrix), 0.01)));
    const fast = compiled(fn);
    for (const seed of [2, 3, 4]) {
      const input = tf.tensor2d(values(5 * COLUMNS, seed), [5, COLUMNS]);
      const [plain, replayed] = [fn(input), fast(input)].map((result) => {
        const data = result.dataSync();
        result.dispose();
        return data;
      });
      expect(replayed).toEqual(plain);
      input.dispose();
    }
    expect(fast.signatures).toBe(1);
    fast.dispose();
    matrix.dispose();
  });

  test("is held by a compiled function that multiplies by it", () => {
    const matrix = open();
    const input = tf.tensor2d(values(5 * COLUMNS, 7), [5, COLUMNS]);
    const fn = compiled((x: tf.Tensor2D) => tf.tidy(() => tf.relu(matMulFrozen(x, matrix))));
    const before = fn(input).dataSync();
    matrix.dispose();
    const { mappedBytes, leafBytes } = onnxStatistics();
    expect(fn(input).dataSync()).toEqual(before);
    fn.dispose();
    expect(onnxStatistics().leafBytes).toBeLessThan(leafBytes);
    expect(onnxStatistics().mappedBytes).toBe(mappedBytes);
    expect(() => matMulFrozen(input, matrix)).toThrow(/dispose/);
    input.dispose();
  });

  test("is gone when it is disposed of: tensors, and memory", () => {
    const { numTensors } = tf.memory();
    const cycle = (): void => {
      const matrix = open();
      const input = tf.ones<tf.Rank.R2>([2, COLUMNS]);
      tf.tidy(() => void matMulFrozen(input, matrix).dataSync());
      matrix.dispose();
      input.dispose();
    };
    for (let index = 0; index < 250; index++) cycle();
    // The smallest matrix has 15 kB, and its session more. Keeping them would take at least 8 MB each time.
    const limit = 4e6;
    let growth = limit;
    // The allocator keeps some freed memory, and sometimes requests more, so one time of three is enough.
    for (let time = 0; time < 3 && growth >= limit; time++) {
      const before = nativeBytes();
      for (let index = 0; index < 250; index++) cycle();
      growth = nativeBytes() - before;
    }
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(growth).toBeLessThan(limit);
  });
});

describe("a large matrix in 16 bits", () => {
  // 3 parts of 128 rows for one row of input, and 2 parts of 512 for several. 771 rows have no parts of such sizes.
  test.each([
    [384, 2048],
    [1024, 2048],
    [771, 2048],
    [512, 9000],
  ])("of [%i, %i] is multiplied part by part with the results of the whole", (rows, columns) => {
    const matrix = storedMatrix(bfloat16(values(rows * columns, 3)), [rows, columns], "bfloat16");
    for (const n of [1, 3, 9]) {
      const input = tf.tensor2d(values(n * columns, n), [n, columns]);
      const found = tf.tidy(() => matrix.multiply(input).dataSync());
      const expected = tf.tidy(() => tf.matMul(input, matrix.widen(), false, true).dataSync());
      expectClose(found, expected, 1e-5);
      input.dispose();
    }
    matrix.dispose();
  });

  test("never exists in float32, wherever it is in a graph", () => {
    const [rows, columns] = [8192, 1024];
    const bytes = bfloat16(values(rows * columns, 3));
    const matrices = Array.from({ length: 4 }, () => storedMatrix(bytes, [rows, columns], "bfloat16"));
    const input = tf.ones<tf.Rank.R2>([1, columns]);
    const product = (): void =>
      tf.tidy(() => void tf.addN(matrices.map((matrix) => matrix.multiply(input))).dataSync());
    product();
    const before = nativeBytes();
    for (let index = 0; index < 3; index++) product();
    // One of them takes 34 MB in float32, and the allocator would keep it.
    expect(nativeBytes() - before).toBeLessThan(8e6);
    tf.dispose([input]);
    for (const matrix of matrices) matrix.dispose();
  });

  test("refuses an input of other columns", () => {
    const matrix = storedMatrix(bfloat16(given), [ROWS, COLUMNS], "bfloat16");
    expect(() => matrix.multiply(tf.ones([2, 7]))).toThrow(/\[192, 160\] cannot multiply \[2,7\]\. Give it \[n, 160\]/);
    matrix.dispose();
  });
});

test("a product with a quantized matrix is part of the graph around it", () => {
  const matrices = [1, 2].map((seed) => quantizedMatrix(quantize(values(160 * 160, seed), [160, 160])));
  const [first, second] = matrices.map((matrix) => (x: tf.Tensor2D) => matMulFrozen(tf.relu(tf.add(x, 1)), matrix));
  const input = tf.ones<tf.Rank.R2>([4, 160]);
  const both = (x: tf.Tensor2D): tf.Tensor2D => tf.tidy(() => tf.neg(second!(first!(x))));
  const fn = compiled(both);
  const before = onnxStatistics();
  const found = [fn(input), fn(input), both(input)];
  expect(onnxStatistics().runs - before.runs).toBe(2);
  for (const result of found) expect(result.dataSync()).toEqual(found[0]!.dataSync());
  fn.dispose();
  for (const one of [...matrices, input, ...found]) one.dispose();
});

test("matrices of equal sizes share a graph", () => {
  const matrices = [1, 2, 3].map((seed) =>
    quantizedMatrix(
      quantize(
        given.map((x) => x * seed),
        [ROWS, COLUMNS],
      ),
    ),
  );
  const input = tf.ones<tf.Rank.R2>([6, COLUMNS]);
  const { compiled: before } = onnxStatistics();
  const sums = matrices.map((matrix) => tf.tidy(() => tf.sum(tf.abs(matMulFrozen(input, matrix))).dataSync()[0]!));
  expect(onnxStatistics().compiled - before).toBe(1);
  for (const [index, sum] of sums.entries()) expect(sum / sums[0]!).toBeCloseTo(index + 1, 2);
  for (const one of [...matrices, input]) one.dispose();
});

test("explain shows the products of quantized matrices", async () => {
  const matrix = quantizedMatrix(quantize(given, [ROWS, COLUMNS]));
  const input = tf.ones<tf.Rank.R2>([4, COLUMNS]);
  const { nodes } = await explain(() => matMulFrozen(input, matrix));
  expect(nodes.map(({ operation, operatorType }) => [operation, operatorType])).toEqual([
    ["MatMulQuantized", "MatMulQuantized"],
  ]);
  matrix.dispose();
});

test("codes or scales of another matrix are refused, and what cannot be opened leaves nothing", () => {
  const quantized = quantize(given, [ROWS, COLUMNS], { blockSize: 32 });
  const { codes, scales } = quantized;
  const { leafBytes } = onnxStatistics();
  expect(() => quantizedMatrix({ ...quantized, codes: codes.subarray(1) })).toThrow(
    "fused-ops: 30719 bytes of codes and 960 scales were given for a matrix [192, 160] of 8 bits in blocks of 32, which has 30720 and 960.",
  );
  expect(() => quantizedMatrix({ ...quantized, scales: scales.subarray(1) })).toThrow(/30720 bytes .* and 959 scales/);
  const small = { blockSize: 10, codes, scales: new Float32Array(16 * ROWS) };
  expect(() => quantizedMatrix({ ...quantized, ...small })).toThrow(
    new BackendError("unsupported", "a quantized matrix has blocks of 10 values. Use a power of two, 16 or more."),
  );
  expect(onnxStatistics().leafBytes).toBe(leafBytes);
});

test("an input of other columns is refused", () => {
  const matrix = quantizedMatrix(quantize(given, [ROWS, COLUMNS]));
  expect(() => matMulFrozen(tf.ones([2, 7]), matrix)).toThrow(
    /\[192, 160\] cannot multiply \[2,7\]\. Give it \[n, 160\]/,
  );
  matrix.dispose();
});

/** The default `tolerance` is for integer products, which round the input to 8 bits per block. */
function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 0.02): void {
  const largest = Math.max(...Array.from(expected, Math.abs));
  expect(found.length).toBe(expected.length);
  // One expectation, because one per number would take most of the time.
  const wrong = Array.from(found).findIndex(
    (value, index) => !(Math.abs(value - expected[index]!) < tolerance * largest),
  );
  expect(wrong, `number ${wrong}: ${found[wrong]} and ${expected[wrong]}`).toBe(-1);
}

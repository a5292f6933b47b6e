import { renameSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { matMulFrozen, quantize, quantizedMatrix, storedMatrix, type FrozenMatrix } from "@mlan/fused-ops";
import { temporaryFolder } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { values } from "./matrix-values.ts";
import { nativeBytes } from "./native-bytes.ts";

const folder = temporaryFolder();

beforeAll(() => useOnnxBackend());

const [ROWS, COLUMNS] = [1024, 4096];
const quantized = quantize(values(ROWS * COLUMNS, 4), [ROWS, COLUMNS], { bits: 4, blockSize: 64 });
const SIZE = quantized.codes.length + quantized.scales.byteLength;

interface Written {
  readonly file: URL;
  /** Opens the matrix, or another copy of it in the file. */
  open(copy?: number): FrozenMatrix;
}

/** Writes the matrix into a file, `copies` times. */
async function written(name: string, copies = 1): Promise<Written> {
  const file = new URL(name, folder);
  const one = [quantized.codes, new Uint8Array(quantized.scales.buffer)];
  await writeFile(file, Buffer.concat(Array.from({ length: copies }, () => one).flat()));
  const open = (copy = 0): FrozenMatrix => {
    const codes = { file, byteOffset: copy * SIZE };
    return quantizedMatrix({ ...quantized, codes, scales: { file, byteOffset: copy * SIZE + quantized.codes.length } });
  };
  return { file, open };
}

function product(matrix: FrozenMatrix): Float32Array {
  return tf.tidy(() =>
    matrix
      .multiply(tf.ones([2, COLUMNS]))
      .dataSync<"float32">()
      .slice(),
  );
}

/** Compared as bytes, because toEqual takes seconds for millions of values. */
function equal(one: Float32Array, other: Float32Array): boolean {
  return Buffer.from(one.buffer).equals(Buffer.from(other.buffer));
}

test.runIf(process.platform === "linux")("what a quantized matrix was packed from leaves the memory", async () => {
  const matrix = (await written("packed.bin")).open();
  const inMemory = quantizedMatrix(quantized);
  expect(equal(product(matrix), product(inMemory))).toBe(true);
  // Of 2.4 MB, of which 0.3 MB are scales. ONNX Runtime's kernels for ARM read them again.
  expect(await residentBytesOf("packed.bin")).toBeLessThan(process.arch === "x64" ? 0.1e6 : 0.4e6);
  const [fromFile, fromMemory] = [matrix, inMemory].map((one) => tf.tidy(() => one.widen().dataSync<"float32">()));
  expect(equal(fromFile!, fromMemory!)).toBe(true);
  for (const one of [matrix, inMemory]) one.dispose();
});

test.runIf(process.platform === "linux")("packed matrices take once their size", async () => {
  const { open } = await written("many.bin", 20);
  const opened = Array.from({ length: 20 }, (_, copy) => open(copy));
  opened.slice(0, 4).forEach(product);
  const before = nativeBytes();
  opened.slice(4).forEach(product);
  const packed = (): number => (nativeBytes() - before) / 16 / SIZE;
  // Packed, they are an eighth larger; a second copy of each would double the size. Memory that packing no longer needs is
  // given back on another thread.
  await expect.poll(packed, { timeout: 10_000 }).toBeLessThan(1.4);
  for (const matrix of opened) matrix.dispose();
});

test.runIf(process.platform === "linux")("a matrix that is opened several times is packed once", async () => {
  const { open } = await written("shared.bin");
  const [first, ...others] = Array.from({ length: 17 }, () => open());
  const expected = product(first!);
  const before = nativeBytes();
  for (const one of others) expect(equal(product(one), expected)).toBe(true);
  expect((nativeBytes() - before) / 16 / SIZE).toBeLessThan(0.5);
  // The packed copy stays until the last matrix is disposed of.
  first!.dispose();
  for (const one of others.slice(1)) one.dispose();
  expect(equal(product(others[0]!), expected)).toBe(true);
  others[0]!.dispose();
  const again = open();
  expect(equal(product(again), expected)).toBe(true);
  again.dispose();
});

test("a file that is replaced before the first product does not change the matrix", async () => {
  const { file, open } = await written("replaced.bin");
  const [matrix, inMemory] = [open(), quantizedMatrix(quantized)];
  const other = new URL("other.bin", folder);
  await writeFile(other, Buffer.alloc(SIZE, 0x3c));
  await rename(other, file);
  const replacing = open();
  const [before, after] = [product(matrix), product(replacing)];
  expect(equal(before, product(inMemory))).toBe(true);
  expect(equal(after, before)).toBe(false);
  for (const one of [matrix, inMemory, replacing]) one.dispose();
});

test.each([1, 2, 3, 4, 5, 6])(
  "a file that is replaced while it is opened multiplies as what was mapped: at read %i of its path",
  async (last) => {
    const { file, open } = await written(`racing-${last}.bin`);
    const earlier = open();
    const expected = product(earlier);
    const other = new URL(`racing-other-${last}.bin`, folder);
    await writeFile(other, Buffer.alloc(SIZE, 0x3c));
    let reads = 0;
    const codes = {
      byteOffset: 0,
      get file() {
        if (++reads === last) renameSync(other, file);
        return file;
      },
    };
    const matrix = quantizedMatrix({ ...quantized, codes, scales: { file, byteOffset: quantized.codes.length } });
    const [found, inputs] = [product(matrix), tf.ones<tf.Rank.R2>([2, COLUMNS])];
    const mapped = tf.tidy(() => tf.matMul(inputs, matrix.widen(), false, true).dataSync<"float32">().slice());
    const largest = mapped.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // The products of 8-bit inputs are not exact.
    expect(found.every((value, index) => Math.abs(value - (mapped[index] ?? NaN)) < 0.02 * largest)).toBe(true);
    expect(equal(product(earlier), expected)).toBe(true);
    tf.dispose(inputs);
    for (const one of [matrix, earlier]) one.dispose();
  },
);

test("quantized matrices that only gradients read are never packed", async () => {
  const { open } = await written("trained.bin", 17);
  const gradient = tf.grad((input: tf.Tensor) => matMulFrozen(input as tf.Tensor2D, matrix));
  const input = tf.ones<tf.Rank.R2>([2, COLUMNS]);
  let matrix = open();
  const step = (): void => tf.tidy(() => void gradient(input).dataSync());
  step();
  matrix.dispose();
  const before = nativeBytes();
  const opened = Array.from({ length: 16 }, (_, copy) => open(copy + 1));
  for (matrix of opened) step();
  // The pages of the file, counted once for each. Packed copies would double the size.
  expect((nativeBytes() - before) / 16 / SIZE).toBeLessThan(1.5);
  for (const one of opened) one.dispose();
  input.dispose();
});

test("a quantized matrix multiplies after its file was removed", async () => {
  const { file, open } = await written("removed.bin");
  const [matrix, inMemory] = [open(), quantizedMatrix(quantized)];
  await rm(file);
  expect(equal(product(matrix), product(inMemory))).toBe(true);
  for (const one of [matrix, inMemory]) one.dispose();
});

test.runIf(process.platform === "linux")("released pages leave the memory until the next product", async () => {
  const file = new URL("released.bin", folder);
  await writeFile(file, Buffer.alloc(2 * ROWS * COLUMNS, 0x3c));
  const matrix = storedMatrix({ file, byteOffset: 0 }, [ROWS, COLUMNS], "bfloat16");
  const before = product(matrix);
  expect(await residentBytesOf("released.bin")).toBe(2 * ROWS * COLUMNS);
  matrix.releasePages();
  expect(await residentBytesOf("released.bin")).toBe(0);
  expect(equal(product(matrix), before)).toBe(true);
  matrix.dispose();
});

/** Returns the bytes of a mapped file that are in the process's memory. */
async function residentBytesOf(name: string): Promise<number> {
  const maps = await readFile("/proc/self/smaps", "utf8");
  const mappings = maps
    .split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
    .filter((mapping) => mapping.split("\n", 1)[0]?.endsWith(name));
  if (mappings.length === 0) throw new Error(`${name} is not mapped`);
  return mappings.reduce((sum, mapping) => sum + 1024 * Number(/^Rss: +(\d+) kB/m.exec(mapping)?.[1]), 0);
}

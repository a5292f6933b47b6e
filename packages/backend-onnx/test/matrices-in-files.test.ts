import { readFile, writeFile } from "node:fs/promises";
import { onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import { quantise, quantisedMatrix, storedMatrix, type FrozenMatrix } from "@mlan/fused-ops";
import { temporaryFolder } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { bfloat16, values } from "./matrix-values.ts";
import { nativeBytes } from "./native-bytes.ts";

const [ROWS, COLUMNS] = [192, 160];
const file = new URL("matrices.bin", temporaryFolder());
const given = values(ROWS * COLUMNS, 1);

beforeAll(() => useOnnxBackend());

describe("a matrix in a file", () => {
  test.runIf(process.platform === "linux")("what a quantised matrix was packed from leaves the memory", async () => {
    const [rows, columns] = [512, 4096];
    const quantised = quantise(values(rows * columns, 4), [rows, columns], { bits: 4, blockSize: 32 });
    const scales = new Uint8Array(quantised.scales.buffer);
    const packedFile = new URL("packed.bin", file);
    await writeFile(packedFile, Buffer.concat([quantised.codes, scales]));
    const matrix = quantisedMatrix({
      ...quantised,
      codes: { file: packedFile, byteOffset: 0 },
      scales: { file: packedFile, byteOffset: quantised.codes.length },
    });
    const input = tf.ones<tf.Rank.R2>([2, columns]);
    const inMemory = quantisedMatrix(quantised);
    const products = [matrix, inMemory].map((one) => tf.tidy(() => one.multiply(input).dataSync()));
    expect(products[0]).toEqual(products[1]);
    // Of 1.3 MB; some of ONNX Runtime's kernels read scales again.
    expect(await residentBytesOf("packed.bin")).toBeLessThan(0.4e6);
    // Compared as bytes, because toEqual takes seconds for two million values.
    const [fromFile, fromMemory] = [matrix, inMemory].map((one) => tf.tidy(() => one.widen().dataSync()));
    expect(Buffer.from(fromFile!.buffer).equals(Buffer.from(fromMemory!.buffer))).toBe(true);
    for (const one of [matrix, inMemory, input]) one.dispose();
  });

  test.runIf(process.platform === "linux")("quantised matrices take once their size", async () => {
    const [rows, columns] = [1024, 4096];
    const quantised = quantise(values(rows * columns, 4), [rows, columns], { bits: 4, blockSize: 64 });
    const place = new URL("many.bin", file);
    await writeFile(place, Buffer.concat([quantised.codes, new Uint8Array(quantised.scales.buffer)]));
    const codes = { file: place, byteOffset: 0 };
    const scales = { file: place, byteOffset: quantised.codes.length };
    const open = (): FrozenMatrix => quantisedMatrix({ ...quantised, codes, scales });
    const opened = Array.from({ length: 4 }, open);
    const before = nativeBytes();
    opened.push(...Array.from({ length: 16 }, open));
    // Packed, they are an eighth larger; a second copy of each would double the size.
    const size = quantised.codes.length + quantised.scales.byteLength;
    // Memory that packing no longer needs is given back on another thread.
    await expect.poll(() => (nativeBytes() - before) / 16 / size, { timeout: 10_000 }).toBeLessThan(1.4);
    for (const matrix of opened) matrix.dispose();
  });

  test("a matrix is read in place, from any offset", async () => {
    const stored = bfloat16(given);
    const quantised = quantise(given, [ROWS, COLUMNS], { bits: 8, blockSize: 32 });
    await writeFile(file, Buffer.concat([Buffer.alloc(6), stored, quantised.codes]));
    const { mappedBytes } = onnxStatistics();
    const sixteen = storedMatrix({ file, byteOffset: 6 }, [ROWS, COLUMNS], "bfloat16");
    const eight = quantisedMatrix({ ...quantised, codes: { file, byteOffset: 6 + stored.length } });
    expect(onnxStatistics().mappedBytes - mappedBytes).toBe(stored.length + quantised.codes.length);
    const inMemory = [storedMatrix(stored, [ROWS, COLUMNS], "bfloat16"), quantisedMatrix(quantised)];
    for (const [index, matrix] of [sixteen, eight].entries())
      expect(tf.tidy(() => matrix.widen().dataSync())).toEqual(tf.tidy(() => inMemory[index]!.widen().dataSync()));
    for (const matrix of [sixteen, eight, ...inMemory]) matrix.dispose();
    expect(onnxStatistics().mappedBytes).toBe(mappedBytes);
  });

  test("a file that is too short or missing is refused", () => {
    const missing = new URL("missing.bin", file);
    expect(() => storedMatrix({ file, byteOffset: 1e6 }, [ROWS, COLUMNS], "float16")).toThrow(/ends at byte .* Check/);
    expect(() => storedMatrix({ file: missing, byteOffset: 0 }, [2, 2], "float16")).toThrow(
      /missing\.bin: it cannot be opened/,
    );
  });
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

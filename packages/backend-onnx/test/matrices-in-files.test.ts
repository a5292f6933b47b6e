import { writeFile } from "node:fs/promises";
import { onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import { quantize, quantizedMatrix, storedMatrix } from "@mlan/fused-ops";
import { temporaryFolder } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { bfloat16, values } from "./matrix-values.ts";

const [ROWS, COLUMNS] = [192, 160];
const file = new URL("matrices.bin", temporaryFolder());
const given = values(ROWS * COLUMNS, 1);

beforeAll(() => useOnnxBackend());

describe("a matrix in a file", () => {
  test("a matrix is read in place, from any offset", async () => {
    const stored = bfloat16(given);
    const quantized = quantize(given, [ROWS, COLUMNS], { bits: 8, blockSize: 32 });
    await writeFile(file, Buffer.concat([Buffer.alloc(6), stored, quantized.codes]));
    const { mappedBytes } = onnxStatistics();
    const sixteen = storedMatrix({ file, byteOffset: 6 }, [ROWS, COLUMNS], "bfloat16");
    const eight = quantizedMatrix({ ...quantized, codes: { file, byteOffset: 6 + stored.length } });
    expect(onnxStatistics().mappedBytes - mappedBytes).toBe(stored.length + quantized.codes.length);
    const inMemory = [storedMatrix(stored, [ROWS, COLUMNS], "bfloat16"), quantizedMatrix(quantized)];
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

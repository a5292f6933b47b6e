import {
  mkdtempSync,
  openSync,
  readFileSync,
  closeSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BackendError, mappedTensor, onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyStorage } from "../src/memory/file-storage.ts";
import { openOrtRuntime } from "../src/ort/ort-runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "mapped-tensor-"));
const onLinux = process.platform === "linux";

beforeAll(() => useOnnxBackend());
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, ...arrays: readonly (Float32Array | Int32Array | Uint8Array)[]): string {
  const file = join(folder, name);
  writeFileSync(file, Buffer.concat(arrays.map(({ buffer }) => Buffer.from(buffer))));
  return file;
}

describe("mappedTensor", () => {
  test("has the values of the file, from any offset that is a multiple of four", () => {
    const numbers = Float32Array.from({ length: 40_000 }, (_, index) => index / 8);
    const file = fileOf("numbers", numbers, Int32Array.of(7, -8, 9));
    for (const first of [0, 1, 1024, 16_384, 39_998]) {
      const tensor = mappedTensor({ file, byteOffset: first * 4, shape: [2] });
      expect([...tensor.dataSync()]).toEqual([first / 8, (first + 1) / 8]);
      tensor.dispose();
    }
    const whole = mappedTensor({ file: pathToFileURL(file), shape: [200, 200] });
    expect(tf.sum(whole).dataSync()[0]).toBeCloseTo((40_000 * 39_999) / 16, -3);
    const integers = mappedTensor({ file, byteOffset: 160_000, shape: [3], dtype: "int32" });
    expect(integers.dataSync()).toEqual(Int32Array.of(7, -8, 9));
    expect([...tf.add(integers, 1).dataSync()]).toEqual([8, -7, 10]);
    tf.dispose([whole, integers]);
  });

  test("may be empty or scalar, and is counted as any tensor until it is disposed", () => {
    const file = fileOf("scalar", Float32Array.of(2.5));
    const before = tf.memory();
    const { mappedBytes } = onnxStatistics();
    const scalar = mappedTensor({ file, shape: [] });
    const empty = mappedTensor({ file, byteOffset: 4, shape: [0, 3] });
    expect([...scalar.dataSync()]).toEqual([2.5]);
    expect(empty.dataSync()).toHaveLength(0);
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors + 2, numBytes: before.numBytes + 4 });
    tf.dispose([scalar, empty]);
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
    expect(onnxStatistics().mappedBytes).toBe(mappedBytes);
  });

  test("may become a variable that an optimizer changes, which leaves the file alone", () => {
    const file = fileOf("variable", Float32Array.of(1, 2, 3));
    const variable = tf.tidy(() => tf.variable(mappedTensor({ file, shape: [3] })));
    const inputs: {} = { parameters: [variable], gradients: [tf.ones([3])] };
    tf.engine().runKernel("ApplySgd", inputs, { learningRate: 1, weightDecays: [0] });
    expect([...variable.dataSync()]).toEqual([0, 1, 2]);
    const again = mappedTensor({ file, shape: [3] });
    expect([...again.dataSync()]).toEqual([1, 2, 3]);
    tf.dispose([variable, again]);
  });

  test("goes to other backends as a copy", async () => {
    const tensor = mappedTensor({ file: fileOf("moved", Float32Array.of(4, 5)), shape: [2] });
    const { mappedBytes } = onnxStatistics();
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
    expect([...tf.mul(tensor, 2).dataSync()]).toEqual([8, 10]);
    await tf.setBackend("onnx");
    expect(onnxStatistics().mappedBytes).toBe(mappedBytes - 8);
    tensor.dispose();
  });

  test("refuses what cannot be mapped, and says why", () => {
    const file = fileOf("short", Float32Array.of(1, 2));
    const refused = (options: Parameters<typeof mappedTensor>[0], message: RegExp): void => {
      const before = tf.memory().numTensors;
      let error: unknown;
      try {
        mappedTensor(options);
      } catch (caught) {
        error = caught;
      }
      expect(BackendError.is(error, "invalid-options")).toBe(true);
      expect(String(error)).toMatch(message);
      expect(tf.memory().numTensors).toBe(before);
    };
    refused({ file: join(folder, "absent"), shape: [1] }, /cannot map .*absent: it cannot be opened/);
    const spaced = new URL("a%20b%25", pathToFileURL(`${folder}/`));
    refused({ file: spaced, shape: [1] }, /cannot map .*\/a b%: /);
    refused({ file, shape: [3] }, /shape \[3\] from byte 0 ends at byte 12, but the file has 8 bytes/);
    refused({ file, byteOffset: 8, shape: [1] }, /from byte 8 ends at byte 12/);
    refused({ file, byteOffset: 2, shape: [1] }, /byteOffset 2 is not a multiple of 4/);
    refused({ file, byteOffset: -4, shape: [1] }, /byteOffset -4/);
    refused({ file, shape: [-1] }, /shape \[-1\]/);
    refused({ file, shape: [1], dtype: "bool" as "int32" }, /dtype bool cannot be mapped/);
    refused({ file: folder, shape: [1] }, /cannot map /);
  });

  test.runIf(onLinux)("200 MB of weights take next to no memory of the process, in several programs", () => {
    const width = 7072;
    const file = join(folder, "weights");
    const descriptor = openSync(file, "w");
    writeSync(descriptor, Buffer.from(Float32Array.of(3).buffer), 0, 4, 0);
    closeSync(descriptor);
    truncateSync(file, width * width * 4);
    const x = tf.ones<tf.Rank.R2>([1, width]);
    tf.tidy(() => tf.matMul(x, tf.ones<tf.Rank.R2>([width, 8])).dataSync());
    const before = anonymousBytes();
    const weights = mappedTensor({ file, shape: [width, width] }) as tf.Tensor2D;
    expect(onnxStatistics().mappedBytes).toBe(width * width * 4);
    tf.tidy(() => {
      expect(tf.matMul(x, weights).dataSync()[0]).toBe(3);
      expect(tf.matMul(tf.mul(x, 2), weights).dataSync()[0]).toBe(6);
      expect(tf.matMul(x, weights, false, true).dataSync()[0]).toBe(3);
    });
    expect(anonymousBytes() - before).toBeLessThan(20e6);
    expect(readFileSync("/proc/self/maps", "utf8")).toContain(file);
    weights.dispose();
    expect(readFileSync("/proc/self/maps", "utf8")).not.toContain(file);
    x.dispose();
  });
});

test("without mmap, part of a file is copied", () => {
  const descriptor = openSync(fileOf("copied", Float32Array.of(1, 2, 3)), "r");
  const runtime = openOrtRuntime();
  const storage = copyStorage(runtime, { descriptor, byteOffset: 4, byteLength: 8 }, [2], "float32");
  expect([...storage.view()]).toEqual([2, 3]);
  expect(() => copyStorage(runtime, { descriptor, byteOffset: 8, byteLength: 8 }, [2], "float32")).toThrow(
    /4 bytes early/,
  );
  storage.release();
  closeSync(descriptor);
});

/** Returns the memory of the process that is not backed by a file. */
function anonymousBytes(): number {
  return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
}

import { registerOnnxBackend } from "#internal/register.ts";
import { onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { openOrtRuntime } from "../src/ort/ort-runtime.ts";

// The first use decides for the process, so this is the first test.
test("the backend is used with the threads that it was registered with, and with no others", async () => {
  registerOnnxBackend({ threads: 3 });
  await expect(useOnnxBackend({ threads: 2 })).rejects.toThrow(/threads: 2 comes too late: .* registered with 3\./);
  await useOnnxBackend();
  expect(openOrtRuntime().threads).toBe(3);
  tf.removeBackend("onnx");
});

test("registering loads nothing and changes no current backend; using it does, and repeating that is harmless", async () => {
  const warnings = vi.spyOn(console, "warn");
  registerOnnxBackend();
  registerOnnxBackend();
  expect(tf.engine().registry).not.toHaveProperty("onnx");
  expect(onnxStatistics()).toMatchObject({ compiled: 0, runs: 0 });
  await useOnnxBackend();
  await useOnnxBackend();
  expect(tf.getBackend()).toBe("onnx");
  expect(tf.add(1, 2).dataSync()[0]).toBe(3);
  expect(onnxStatistics()).toMatchObject({ compiled: 1, runs: 1 });

  tf.removeBackend("onnx");
  await useOnnxBackend();
  expect(tf.add(1, 2).dataSync()[0]).toBe(3);
  expect(warnings).not.toHaveBeenCalled();
});

test("tensors move between this backend and a different one", async () => {
  await import("@tensorflow/tfjs-backend-cpu");
  vi.spyOn(console, "warn").mockImplementation(() => {});
  await useOnnxBackend();
  const x = tf.tensor1d([1, 2, 3]);
  const doubled = tf.mul(x, 2);
  await tf.setBackend("cpu");
  const reversed = tf.reverse(doubled);
  expect(Array.from(reversed.dataSync())).toEqual([6, 4, 2]);
  await tf.setBackend("onnx");
  expect(Array.from(tf.add(reversed, doubled).dataSync())).toEqual([8, 8, 8]);
  expect(Array.from(tf.add(x, reversed).dataSync())).toEqual([7, 6, 5]);
});

test("tf.time measures what it is given", async () => {
  await useOnnxBackend();
  const x = tf.ones([300, 300]);
  const { kernelMs } = await tf.time(() => tf.matMul(x, x));
  expect(kernelMs).toBeGreaterThan(0);
});

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { registerGradients } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";

const isRegistered = (name: string): boolean => tf.getGradient(name) !== undefined;
const kernels = [...new Set(Object.values(tf).filter((value) => typeof value === "string"))];
let before: readonly string[];
let ours: readonly string[];
const own: tf.GradConfig = { kernelName: "Square", gradFunc: (dy) => ({ x: () => dy as tf.Tensor }) };

beforeAll(() => {
  before = kernels.filter(isRegistered);
  tf.registerGradient(own);
  registerGradients();
  registerGradients();
  ours = kernels.filter(isRegistered);
});

it("registers the same gradients as TensorFlow.js's own packages", async () => {
  expect(before).toEqual([]);
  expect(ours.length).toBeGreaterThan(100);
  const gradient = tf.getGradient("MatMul") ?? tf.getGradient("BatchMatMul");
  await import("@tensorflow/tfjs-layers");
  expect(kernels.filter(isRegistered)).toEqual(ours);
  // They are registered again, so the earlier ones are different objects.
  expect(tf.getGradient("BatchMatMul")).not.toBe(gradient);
});

it("keeps gradients that were registered before", () => {
  tf.unregisterGradient("Square");
  tf.registerGradient(own);
  registerGradients();
  expect(tf.getGradient("Square")).toBe(own);
});

it("is what scripts/bundle-gradients.mjs makes of the installed tfjs-core", () => {
  const script = fileURLToPath(new URL("../scripts/bundle-gradients.mjs", import.meta.url));
  execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" });
});

import { useOnnxBackend, type Provider } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { openSwiftShader } from "./swiftshader.ts";

const missing = openSwiftShader();
if (missing !== undefined) console.warn(`The tests of optimizers on WebGPU are skipped: ${missing}.`);

const CALLS = [
  {
    kernelName: "ApplyAdamW",
    states: ["firstMoments", "secondMoments"],
    attributes: { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 },
  },
  { kernelName: "ApplySgd", states: [], attributes: {} },
  { kernelName: "ApplyMomentum", states: ["velocities"], attributes: { momentum: 0.9 } },
  { kernelName: "ApplyMomentum", states: ["velocities"], attributes: { momentum: 0.9, nesterov: true } },
] as const;

/** Returns parameter and states after three updates. The learning rate is a tensor. */
async function updated(
  provider: Provider,
  { kernelName, states, attributes }: (typeof CALLS)[number],
): Promise<number[]> {
  if (tf.engine().findBackendFactory("onnx") !== null) tf.removeBackend("onnx");
  await useOnnxBackend({ provider });
  const shape: [number, number] = [30, 20];
  const gradient = (): tf.Tensor => tf.tidy(() => tf.reshape(tf.linspace(-0.5, 1, 600), shape));
  const changed = ["parameters", ...states].map((name) => ({
    name,
    variable: tf.tidy(() =>
      tf.variable(name === "parameters" ? tf.reshape(tf.linspace(-1, 1, 600), shape) : tf.zeros(shape)),
    ),
  }));
  const old = tf.clone(changed[0]!.variable);
  for (let step = 1; step <= 3; step++) {
    tf.tidy(() => {
      const lists = Object.fromEntries(changed.map(({ name, variable }) => [name, [variable]]));
      const inputs = { ...lists, gradients: [gradient()], learningRate: tf.scalar(0.1 / step) };
      const numbers = { ...attributes, weightDecays: [0.1], ...(kernelName === "ApplyAdamW" ? { step } : {}) };
      tf.engine().runKernel(kernelName, inputs as never, numbers as never);
    });
  }
  // Clones from before the updates keep the old values.
  expect(old.dataSync()[0]).toBe(-1);
  const values = changed.flatMap(({ variable }) => Array.from(variable.dataSync()));
  tf.dispose([old, ...changed.map(({ variable }) => variable)]);
  return values;
}

describe.skipIf(missing !== undefined)("optimizers on WebGPU", () => {
  for (const call of CALLS) {
    test(`update as in place on the CPU: ${call.kernelName} ${JSON.stringify(call.attributes)}`, async () => {
      const expected = await updated("cpu", call);
      const found = await updated("webgpu", call);
      const far = expected.filter((value, index) => Math.abs(value - found[index]!) > 1e-6);
      expect(far).toEqual([]);
      expect(found.length).toBe(expected.length);
    });
  }
});

import { useOnnxBackend } from "@mlan/backend-onnx";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";

beforeAll(async () => {
  // Registers gradients with tfjs-core.
  await import("@tensorflow/tfjs");
  await useOnnxBackend();
});

const INPUTS = 64;
const HIDDEN = 256;

/** A two-layer network with its own momentum-free update: forward, backward, assign. */
function network() {
  const first = tf.tidy(() => tf.variable(tf.randomNormal([INPUTS, HIDDEN], 0, 0.1, "float32", 1)));
  const second = tf.tidy(() => tf.variable(tf.randomNormal([HIDDEN, 1], 0, 0.1, "float32", 2)));
  const inputs = tf.randomNormal([512, INPUTS], 0, 1, "float32", 3);
  const targets = tf.tidy(() => tf.sum(inputs, 1, true));
  const loss = (): tf.Scalar => {
    const output = tf.matMul(tf.tanh(tf.matMul(inputs as tf.Tensor2D, first as tf.Tensor2D)), second as tf.Tensor2D);
    return tf.mean(tf.squaredDifference(output, targets));
  };
  const step = (): number =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss, [first, second]);
      for (const variable of [first, second]) variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 0.01)));
      return value.dataSync()[0]!;
    });
  const dispose = (): void => tf.dispose([first, second, inputs, targets]);
  return { step, dispose };
}

test("500 training steps leave tensors, data and process memory flat", () => {
  const { step } = network();
  const losses = Array.from({ length: 50 }, step);
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  const before = process.memoryUsage().rss;
  for (let index = 0; index < 500; index++) losses.push(step());
  expect(tf.memory()).toMatchObject({ unreliable: false, numTensors, numDataBuffers, numBytes });
  // One activation of [512, 256] leaked per step would be 260 MB.
  expect(process.memoryUsage().rss - before).toBeLessThan(40e6);
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 10);
});

test("what nobody reads is forgotten, however much it is", () => {
  const x = tf.ones([512, 512]);
  const drop = (): void =>
    tf.tidy(() => {
      tf.add(tf.tensor(new Float32Array(512 * 512), [512, 512]), x);
    });
  for (let index = 0; index < 10; index++) drop();
  const before = process.memoryUsage().rss;
  // 1 GB of leaves; a quarter of it may wait for nodes that never run.
  for (let index = 0; index < 1000; index++) drop();
  expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
});

test("the same program gives the same bits twice", () => {
  const run = (): number[] => {
    const { step, dispose } = network();
    const losses = Array.from({ length: 20 }, step);
    dispose();
    return losses;
  };
  expect(run()).toEqual(run());
});

import "@tensorflow/tfjs-layers"; // registers gradients
import { resetTensorFlowPeak, tensorFlowStatistics, useTensorFlowBackend } from "@mlan/backend-tensorflow";
import { applyAdamW, rmsNorm, rotaryEmbedding, valueAndGradients } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";

/** Enough elements to count as a weight. */
const [INPUTS, OUTPUTS] = [128, 256];

describeWithTensorFlow("precision bfloat16", () => {
  beforeAll(() => useTensorFlowBackend({ device: "cpu", threads: 2, precision: "bfloat16" }));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const held = (): number => tensorFlowStatistics()?.bytes ?? NaN;
  const weight = (scale = 1): tf.Tensor2D =>
    tf.tensor2d(
      Float32Array.from({ length: INPUTS * OUTPUTS }, (_, index) => Math.sin(index) * scale),
      [INPUTS, OUTPUTS],
    );

  it("is in the statistics, and a different precision is refused afterwards", async () => {
    expect(tensorFlowStatistics()?.precision).toBe("bfloat16");
    await expect(useTensorFlowBackend({ precision: "float32" })).rejects.toThrow(/float32.*too late.*bfloat16/s);
  });

  it("rounds the inputs of a matrix product, but TensorFlow.js sees float32", async () => {
    // 1 + 2^-8 is between two bfloat16 numbers, 1 and 1 + 2^-7.
    const product = tf.matMul(tf.tensor2d([[1 + 2 ** -8]]), tf.tensor2d([[1]]));
    expect(product.dtype).toBe("float32");
    expect([...(await product.data())]).toEqual([1]);
  });

  it("adds results of products in float32", async () => {
    const large = tf.matMul(tf.tensor2d([[256]]), tf.tensor2d([[1]]));
    expect([...(await tf.add(large, 0.5).data())]).toEqual([256.5]);
    expect([...(await tf.add(large, tf.matMul(tf.tensor2d([[0.5]]), tf.tensor2d([[1]]))).data())]).toEqual([256.5]);
  });

  it("computes mean, softmax and norm in float32 and stores results of the last two in 16 bits", async () => {
    const values = Float32Array.from({ length: 4096 }, (_, index) => 1 + (index % 2) / 64);
    const half = tf.matMul(tf.tensor2d(values, [1, 4096]), tf.eye(4096));
    // A sum of bfloat16 numbers in bfloat16 would stop growing at 256.
    expect((await tf.mean(half).data())[0]).toBeCloseTo(1 + 1 / 128, 5);
    const before = held();
    const probabilities = tf.softmax(half);
    expect(held() - before).toBe(4096 * 2);
    expect((await tf.sum(probabilities).data())[0]).toBeCloseTo(1, 2);
    const scale = tf.ones<tf.Rank.R1>([4096]);
    const normal = rmsNorm(half as tf.Tensor2D, scale, 1e-5);
    expect((await normal.data())[0]).toBeCloseTo(1 / Math.sqrt(1.0079), 2);
  });

  it("rotates 16-bit heads in float32, and returns them in 16 bits", async () => {
    const heads = tf.reshape<tf.Rank.R4>(tf.matMul(tf.ones([1, 4]), tf.eye(4)), [1, 1, 1, 4]);
    const [cosine, sine] = [tf.tensor2d([[0.8, 1]]), tf.tensor2d([[0.6, 0]])];
    const turned = rotaryEmbedding(heads, { cosine, sine });
    const values = [...(await turned.data())];
    [0.2, 1, 1.4, 1].forEach((value, index) => expect(values[index]).toBeCloseTo(value, 2));
  });

  it("computes ops without a 16-bit kernel in float32", async () => {
    // Diag has no bfloat16 kernel.
    const half = tf.reshape<tf.Rank.R1>(tf.matMul(tf.tensor2d([[2]]), tf.tensor2d([[3, 4]])), [2]);
    for (let again = 0; again < 2; again++) expect([...(await tf.diag(half).data())]).toEqual([6, 0, 0, 8]);
  });

  it("stores a frozen weight in 16 bits on the device, and reads back its exact values", async () => {
    const frozen = weight();
    const input = tf.ones([2, INPUTS]);
    const before = held();
    const product = tf.matMul(input, frozen);
    expect(held() - before).toBe(INPUTS * OUTPUTS * 2 + product.size * 2 + input.size * 4);
    expect([...(await frozen.data())]).toEqual([...(await weight().data())]);
  });

  it("keeps a 16-bit copy of a weight between products, and none of an activation", () => {
    const frozen = weight();
    const input = tf.ones([2, INPUTS]);
    tf.matMul(input, frozen);
    const before = tensorFlowStatistics()?.dispatches ?? NaN;
    tf.matMul(input, frozen);
    // The input is cast again, the weight is not.
    expect((tensorFlowStatistics()?.dispatches ?? NaN) - before).toBe(2);
  });

  it("moves weights by steps that bfloat16 cannot represent, because master weights are float32", async () => {
    const learning = learner(tf.ones([INPUTS, OUTPUTS]));
    for (let step = 1; step <= 10; step++) learning.step(step, 1e-4);
    const [value = NaN] = await learning.variable.data();
    // Adam moves each weight by about the learning rate per step, against its gradient's sign.
    expect(Math.abs(value - 1)).toBeGreaterThan(9e-4);
    expect(Math.abs(value - 1)).toBeLessThan(11e-4);
    learning.dispose();
  });

  it("ends with the same bits when weights and moments are saved and loaded in between", async () => {
    const straight = learner(weight(0.1));
    const restarted = learner(weight(0.1));
    for (let step = 1; step <= 6; step++) {
      straight.step(step, 1e-3);
      restarted.step(step, 1e-3);
      if (step === 3) await restarted.saveAndLoad();
    }
    expect([...(await restarted.variable.data())]).toEqual([...(await straight.variable.data())]);
    straight.dispose();
    restarted.dispose();
  });

  it("needs less memory for activations than float32 would", () => {
    const input = tf.variable(tf.ones<tf.Rank.R2>([512, INPUTS]));
    const square = tf.variable(tf.ones<tf.Rank.R2>([INPUTS, INPUTS]));
    const before = held();
    resetTensorFlowPeak();
    const loss = (): tf.Scalar => {
      let hidden: tf.Tensor = input;
      for (let layer = 0; layer < 8; layer++) hidden = tf.matMul(hidden, square);
      return tf.sum(hidden);
    };
    valueAndGradients(loss, [square]);
    const activations = (tensorFlowStatistics()?.peakBytes ?? NaN) - before;
    expect(activations).toBeLessThan(8 * 512 * INPUTS * 4);
    input.dispose();
    square.dispose();
  });
});

interface Learner {
  readonly variable: tf.Variable;
  step(step: number, learningRate: number): void;
  saveAndLoad(): Promise<void>;
  dispose(): void;
}

/** A weight that is trained on the same input in every step. */
function learner(start: tf.Tensor): Learner {
  const variables = [start, tf.zeros(start.shape), tf.zeros(start.shape)].map((tensor) => tf.variable(tensor));
  const [variable, firstMoment, secondMoment] = variables;
  if (!variable || !firstMoment || !secondMoment) throw new Error("three variables were made");
  const input = tf.keep(tf.reshape(tf.linspace(-1, 2, 4 * INPUTS), [4, INPUTS]));
  return {
    variable,
    step: (step, learningRate) =>
      tf.tidy(() => {
        const loss = (): tf.Scalar => tf.mean(tf.square(tf.matMul(input, variable as tf.Tensor2D)));
        const gradient = tf.variableGrads(loss, [variable]).grads[variable.name];
        applyAdamW([{ variable, firstMoment, secondMoment, weightDecay: 0.01 }], [gradient], { step, learningRate });
      }),
    saveAndLoad: async () => {
      for (const each of variables) {
        const values = Float32Array.from(await each.data());
        tf.tidy(() => each.assign(tf.tensor(values, each.shape)));
      }
    },
    dispose: () => tf.dispose([...variables, input]),
  };
}

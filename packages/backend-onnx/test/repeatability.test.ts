import { useOnnxBackend } from "@mlan/backend-onnx";
import { applyAdamW, embedding, rmsNorm, swiglu, tokenLogProbabilities } from "@mlan/fused-ops";
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";

const [tokens, vocabulary, width, inner] = [512, 64, 96, 256];

/** Returns the weights after three steps on matrices large enough for both threads. */
function train(): Float32Array[] {
  const shapes = [
    [vocabulary, width],
    [width, inner],
    [width, inner],
    [inner, width],
  ];
  const weights = shapes.map((shape, seed) =>
    tf.tidy(() => tf.variable(tf.randomNormal<tf.Rank.R2>(shape as [number, number], 0, 0.1, "float32", seed + 1))),
  );
  const zeros = ({ shape }: tf.Variable): tf.Variable => tf.tidy(() => tf.variable(tf.zeros(shape), false));
  const parameters = weights.map((variable) => ({
    variable,
    firstMoment: zeros(variable),
    secondMoment: zeros(variable),
    weightDecay: 0.01,
  }));
  for (let step = 1; step <= 3; step++) {
    tf.tidy(() => {
      const ids = Array.from({ length: tokens }, (_, index) => (index * index + step) % vocabulary);
      const targets = ids.flatMap((id, row) => [row, (id + 1) % vocabulary]);
      const { grads } = tf.engine().gradients(() => {
        const [table, gate, up, down] = weights as tf.Tensor2D[];
        if (!table || !gate || !up || !down) throw new Error("there are four weights");
        const hidden = rmsNorm(embedding(table, tf.tensor1d(ids, "int32")), tf.ones([width]), 1e-5);
        const changed = tf.matMul<tf.Tensor2D>(swiglu(tf.matMul(hidden, gate), tf.matMul(hidden, up)), down);
        const logits = tf.matMul<tf.Tensor2D>(changed, table, false, true);
        return tf.neg(tf.mean(tokenLogProbabilities(logits, tf.tensor2d(targets, [tokens, 2], "int32"))));
      }, weights);
      applyAdamW(parameters, grads, { learningRate: 0.01, step });
    });
  }
  const trained = weights.map((variable) => variable.dataSync<"float32">());
  tf.disposeVariables();
  return trained;
}

it("gives the same bits in every run, on two threads", async () => {
  await useOnnxBackend({ threads: 2 });
  const first = train();
  for (let run = 0; run < 5; run++) expect(train()).toEqual(first);
});

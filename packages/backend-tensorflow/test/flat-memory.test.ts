import "@tensorflow/tfjs-layers"; // registers gradients
import { type Precision, tensorFlowStatistics, useTensorFlowBackend } from "@mlan/backend-tensorflow";
import {
  type AdamWParameter,
  applyAdamW,
  attention,
  embedding,
  rmsNorm,
  rotaryEmbedding,
  swiglu,
  tokenLogProbabilities,
} from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, it } from "vitest";
import { describeWithTensorFlow } from "../../../tools/tensorflow/describe-with-tensorflow.ts";

const [STEPS, WARM_UP, BETWEEN] = [2000, 500, 100];
/**
 * Maximum growth of the resident set over 1,500 steps, to find leaks that no counter sees. Allocators vary by a few MB;
 * one leaked gradient of the embedding (128 KB) per step would be 190 MB.
 */
const RESIDENT_BYTES = 12e6;

const TIMEOUT = 300_000;

const [VOCABULARY, WIDTH, HEADS, HIDDEN, ROWS, LENGTH] = [1024, 32, 2, 64, 2, 8];

describeWithTensorFlow("2,000 training steps on tensorflow", () => {
  // The first use of a backend fixes the precision.
  afterEach(() => tf.removeBackend("tensorflow"));

  it.each<Precision>(["float32", "bfloat16"])(
    "hold as much at their end as after their start, in %s",
    async (precision) => {
      await useTensorFlowBackend({ device: "cpu", threads: 2, precision });
      const { step, dispose } = trainer();
      const losses = [];
      const held: object[] = [];
      let resident = 0;
      for (let count = 1; count <= STEPS; count++) {
        losses.push(step(count));
        if (count === WARM_UP) resident = residentBytes();
        if (count >= WARM_UP && count % BETWEEN === 0) held.push(heldNow());
      }
      expect(held).toEqual(held.map(() => held[0]));
      console.info(
        `${precision}: ${JSON.stringify(held[0])}, resident +${((residentBytes() - resident) / 1e6).toFixed(1)} MB`,
      );
      expect(residentBytes() - resident).toBeLessThan(RESIDENT_BYTES);
      expect(losses.at(-1)).toBeLessThan(losses[0]! / 10);
      dispose();
      expect(tensorFlowStatistics()).toMatchObject({ tensors: 0, bytes: 0 });
    },
    TIMEOUT,
  );
});

function heldNow(): object {
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  const { tensors, bytes, peakBytes } = tensorFlowStatistics()!;
  return { numTensors, numDataBuffers, numBytes, tensors, bytes, peakBytes };
}

/** Returns the memory outside V8's heap, whose garbage varies. */
function residentBytes(): number {
  const { rss, heapTotal } = process.memoryUsage();
  return rss - heapTotal;
}

/** A Llama block with its embeddings that memorizes one batch, with AdamW. */
function trainer(): { step(count: number): number; dispose(): void } {
  let seed = 0;
  const variable = (shape: number[], deviation = 0.1): tf.Variable =>
    tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, deviation, "float32", ++seed)));
  const matrix = (rows: number, columns: number): tf.Variable<tf.Rank.R2> =>
    variable([rows, columns]) as tf.Variable<tf.Rank.R2>;
  const gain = (): tf.Variable<tf.Rank.R1> => tf.tidy(() => tf.variable(tf.ones([WIDTH]))) as tf.Variable<tf.Rank.R1>;
  const square = (): tf.Variable<tf.Rank.R2> => matrix(WIDTH, WIDTH);
  const table = matrix(VOCABULARY, WIDTH);
  const [query, key, value, output] = [square(), square(), square(), square()];
  const [gate, up, down] = [matrix(WIDTH, HIDDEN), matrix(WIDTH, HIDDEN), matrix(HIDDEN, WIDTH)];
  const [first, second] = [gain(), gain()];
  const head = matrix(WIDTH, VOCABULARY);
  const variables = [table, query, key, value, output, gate, up, down, first, second, head];
  const parameters = variables.map((variable): AdamWParameter => {
    const zeros = (): tf.Variable => tf.tidy(() => tf.variable(tf.zeros(variable.shape), false));
    return { variable, firstMoment: zeros(), secondMoment: zeros(), weightDecay: 0.01 };
  });

  const split = (x: tf.Tensor): tf.Tensor4D =>
    tf.transpose(tf.reshape(x, [ROWS, LENGTH, HEADS, WIDTH / HEADS]), [0, 2, 1, 3]) as tf.Tensor4D;
  const loss = (tokens: tf.Tensor1D, targets: tf.Tensor2D): tf.Scalar => {
    const angles = tf.mul(tf.reshape(tf.range(0, LENGTH), [LENGTH, 1]), tf.ones([1, WIDTH / HEADS / 2]));
    const turn = { cosine: tf.cos(angles), sine: tf.sin(angles) };
    const x = embedding(table, tokens);
    const normed = rmsNorm(x as tf.Tensor2D, first, 1e-5);
    const [q, k, v] = [query, key, value].map((weight) => split(tf.matMul(normed, weight)));
    const mixed = attention(rotaryEmbedding(q!, turn), rotaryEmbedding(k!, turn), v!);
    const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [ROWS * LENGTH, WIDTH]);
    const attended = tf.add(x, tf.matMul(joined, output));
    const again = rmsNorm(attended as tf.Tensor2D, second, 1e-5);
    const result = tf.add(
      attended,
      tf.matMul(swiglu(tf.matMul(again, gate), tf.matMul(again, up)) as tf.Tensor2D, down),
    );
    return tf.neg(tf.mean(tokenLogProbabilities(tf.matMul(result as tf.Tensor2D, head), targets)));
  };

  return {
    step: (count) =>
      tf.tidy(() => {
        const places = Array.from({ length: ROWS * LENGTH }, (_, index) => index);
        const tokens = tf.tensor1d(
          places.map((place) => (place * 37) % VOCABULARY),
          "int32",
        );
        const targets = tf.tensor2d(
          places.flatMap((place) => [place, (place * 91 + 5) % VOCABULARY]),
          [places.length, 2],
          "int32",
        );
        const { value, grads } = tf.variableGrads(() => loss(tokens, targets), variables);
        applyAdamW(
          parameters,
          variables.map(({ name }) => grads[name]),
          { learningRate: 1e-3, step: count },
        );
        return value.dataSync()[0]!;
      }),
    dispose: () =>
      tf.dispose(parameters.map(({ variable, firstMoment, secondMoment }) => [variable, firstMoment, secondMoment])),
  };
}

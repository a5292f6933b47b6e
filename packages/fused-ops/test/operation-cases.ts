import {
  attention,
  constantProduct,
  embedding,
  mergeHeads,
  residual,
  rmsNorm,
  rotaryEmbedding,
  splitHeads,
  swiglu,
  tokenLogProbabilities,
} from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { type Differentiable, wave } from "./differentiation.ts";

/** An operation, and the same computation in plain ops, which tfjs differentiates itself. */
export interface OperationCase {
  readonly name: string;
  readonly operation: () => Differentiable;
  readonly plain: (...inputs: tf.Tensor[]) => tf.Tensor;
}

const EPSILON = 1e-5;

const indices = (): tf.Tensor1D => tf.tensor1d([3, 0, 3, 1], "int32");
const targets = (): tf.Tensor2D => tf.tensor2d([0, 2, 1, 0, 2, 4], [3, 2], "int32");
const fixed = (): tf.Tensor2D => wave([3, 4], 6) as tf.Tensor2D;
const angles = (shape: number[]): tf.Tensor => tf.mul(wave(shape, 5), 3);
const mask = (): tf.Tensor => tf.tensor([0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0], [1, 1, 1, 3, 3]);

/** Every differentiable operation. */
export const OPERATION_CASES: readonly OperationCase[] = [
  {
    name: "rmsNorm",
    operation: () => ({
      f: (x, weight) => rmsNorm(x as tf.Tensor2D, weight as tf.Tensor1D, EPSILON),
      inputs: [wave([3, 8], 0), wave([8], 7)],
    }),
    plain: (x, weight) => tf.mul(tf.div(x!, tf.sqrt(tf.add(tf.mean(tf.square(x!), 1, true), EPSILON))), weight!),
  },
  {
    name: "swiglu",
    operation: () => ({ f: (gate, up) => swiglu(gate!, up!), inputs: [tf.mul(wave([4, 5], 0), 4), wave([4, 5], 3)] }),
    plain: (gate, up) => tf.mul(tf.mul(gate!, tf.sigmoid(gate!)), up!),
  },
  {
    name: "rotaryEmbedding",
    operation: () => ({ f: (x) => rotated(x as tf.Tensor4D, [3, 2]), inputs: [wave([2, 2, 3, 4], 0)] }),
    plain: (x) => rotatedInPairs(x as tf.Tensor4D, [3, 2]),
  },
  {
    name: "rotaryEmbedding with separate positions for each row",
    operation: () => ({ f: (x) => rotated(x as tf.Tensor4D, [2, 3, 2]), inputs: [wave([2, 2, 3, 4], 0)] }),
    plain: (x) => rotatedInPairs(x as tf.Tensor4D, [2, 3, 2]),
  },
  {
    name: "splitHeads",
    operation: () => ({ f: (x) => splitHeads(x as tf.Tensor2D, 2, 3), inputs: [wave([8, 6], 0)] }),
    plain: (x) => tf.transpose(tf.reshape(x!, [2, 4, 3, 2]), [0, 2, 1, 3]),
  },
  {
    name: "mergeHeads",
    operation: () => ({ f: (x) => mergeHeads(x as tf.Tensor4D), inputs: [wave([2, 3, 4, 2], 0)] }),
    plain: (x) => tf.reshape(tf.transpose(x!, [0, 2, 1, 3]), [8, 6]),
  },
  {
    name: "residual of a branch on the same input",
    operation: () => ({
      f: (x, y) => residual(x!, residual(tf.mul(x!, y!), x!)),
      inputs: [wave([3, 4], 0), wave([3, 4], 2)],
    }),
    plain: (x, y) => tf.add(x!, tf.add(tf.mul(x!, y!), x!)),
  },
  {
    name: "attention",
    operation: () => ({
      f: (query, key, value) => attention(query as tf.Tensor4D, key as tf.Tensor4D, value as tf.Tensor4D),
      inputs: [wave([2, 2, 3, 4], 0), wave([2, 2, 3, 4], 1), wave([2, 2, 3, 4], 2)],
    }),
    plain: (query, key, value) => plainAttention(query!, key!, value!),
  },
  {
    name: "attention with shared keys and a causal mask",
    operation: () => ({
      f: (query, key, value) =>
        attention(query as tf.Tensor4D, key as tf.Tensor4D, value as tf.Tensor4D, { mask: mask() }),
      inputs: [wave([1, 4, 3, 4], 0), wave([1, 2, 3, 4], 1), wave([1, 2, 3, 4], 2)],
    }),
    plain: (query, key, value) =>
      plainAttention(query!, perQueryHead(key!), perQueryHead(value!), tf.reshape(mask(), [1, 1, 3, 3])),
  },
  {
    name: "constantProduct",
    operation: () => ({ f: (x) => constantProduct(x as tf.Tensor2D, fixed), inputs: [wave([5, 4], 0)] }),
    plain: (x) => tf.matMul(x as tf.Tensor2D, fixed(), false, true),
  },
  {
    name: "embedding",
    operation: () => ({ f: (table) => embedding(table as tf.Tensor2D, indices()), inputs: [wave([5, 3], 0)] }),
    plain: (table) => tf.gather(table!, indices()),
  },
  {
    name: "tokenLogProbabilities",
    operation: () => ({
      f: (logits) => tokenLogProbabilities(logits as tf.Tensor2D, targets()),
      inputs: [tf.mul(wave([3, 5], 0), 3)],
    }),
    plain: (logits) =>
      tf.sum(
        tf.mul(tf.logSoftmax(logits as tf.Tensor2D), tf.reshape(tf.oneHot(tf.slice(targets(), [0, 1]), 5), [3, 5])),
        1,
      ),
  },
];

function rotated(heads: tf.Tensor4D, shape: number[]): tf.Tensor {
  return rotaryEmbedding(heads, { cosine: tf.cos(angles(shape)), sine: tf.sin(angles(shape)) });
}

/** x cos + half-swapped x sin, as transformers writes it. */
function rotatedInPairs(heads: tf.Tensor4D, shape: number[]): tf.Tensor {
  const whole = (half: tf.Tensor): tf.Tensor => {
    const both = tf.concat([half, half], -1);
    return both.rank === 2 ? both : tf.expandDims(both, 1);
  };
  const [first, second] = tf.split(heads, 2, 3);
  const swapped = tf.concat([tf.neg(second!), first!], 3);
  return tf.add(tf.mul(heads, whole(tf.cos(angles(shape)))), tf.mul(swapped, whole(tf.sin(angles(shape)))));
}

function plainAttention(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, mask?: tf.Tensor): tf.Tensor {
  const scores = tf.matMul(query, key, false, true);
  return tf.matMul(tf.softmax(mask ? tf.add(scores, mask) : scores), value);
}

/** Repeats each key head for its two query heads. */
function perQueryHead(heads: tf.Tensor): tf.Tensor {
  const [rows = 0, count = 0, length = 0, dimension = 0] = heads.shape;
  const apart = tf.reshape(heads, [rows, count, 1, length, dimension]);
  return tf.reshape(tf.concat([apart, apart], 2), [rows, count * 2, length, dimension]);
}

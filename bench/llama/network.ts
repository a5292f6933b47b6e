import {
  attention,
  embedding,
  mergeHeads,
  residual,
  rmsNorm,
  rotaryEmbedding,
  type Rotation,
  splitHeads,
  swiglu,
  tokenLogProbabilities,
} from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { type Configuration, NORM_EPSILON, ROPE_THETA } from "./configuration.ts";

/** Weights by Hugging Face's names. */
export type Weights = (name: string) => tf.Tensor;

/** [n, in] times the transpose of the matrix of this name [out, in]. */
export type Project = (input: tf.Tensor2D, name: string) => tf.Tensor2D;

/** What does not depend on the batch's content. */
export interface Constants {
  readonly query: Rotation;
  readonly key: Rotation;
  /** [length, length]: 0 where a position may look. */
  readonly mask: tf.Tensor2D;
  /** [rows * heads, 2]: the coordinates of each head in a tensor [rows, heads, ...]. */
  readonly rowsAndHeads: tf.Tensor2D;
}

export function constants({ hiddenSize, heads, rows, length }: Configuration): Constants {
  const half = hiddenSize / heads / 2;
  const angles = Float32Array.from(
    { length: length * half },
    (_, index) => Math.floor(index / half) * ROPE_THETA ** (-(index % half) / half),
  );
  const table = (turn: (angle: number) => number, scale: number): tf.Tensor2D =>
    tf.tensor2d(
      angles.map((angle) => turn(angle) * scale),
      [length, half],
    );
  const scale = 1 / Math.sqrt(2 * half);
  const mask = Float32Array.from({ length: length * length }, (_, index) =>
    index % length > Math.floor(index / length) ? -1e9 : 0,
  );
  return {
    query: { cosine: table(Math.cos, scale), sine: table(Math.sin, scale) },
    key: { cosine: table(Math.cos, 1), sine: table(Math.sin, 1) },
    mask: tf.tensor2d(mask, [length, length]),
    rowsAndHeads: tf.tensor2d(
      Array.from({ length: rows * heads }, (_, index) => [Math.floor(index / heads), index % heads]),
      [rows * heads, 2],
      "int32",
    ),
  };
}

/** How queries [rows, heads, length, dimension] look at keys and values of the same tokens, or of more. */
export type Attend = (query: tf.Tensor4D, key: tf.Tensor4D, value: tf.Tensor4D) => tf.Tensor4D;

/** Attention within the sequence; a position sees itself and earlier ones. */
export function causalAttention({ query, key, mask }: Constants): Attend {
  return (queries, keys, values) =>
    attention(rotaryEmbedding(queries, query), rotaryEmbedding(keys, key), values, mask);
}

/** Hidden states [rows * length, hidden] after the last norm, of token ids [rows * length]. */
export function decoder(
  { layers, heads }: Configuration,
  weights: Weights,
  tokens: tf.Tensor1D,
  rows: number,
  attend: Attend,
  project: Project = (input, name) => tf.matMul(input, weights(name) as tf.Tensor2D, false, true),
): tf.Tensor2D {
  const norm = (input: tf.Tensor2D, name: string): tf.Tensor2D =>
    rmsNorm(input, weights(name) as tf.Tensor1D, NORM_EPSILON);
  let hidden = embedding(weights(EMBEDDING) as tf.Tensor2D, tokens);
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}`;
    const normal = norm(hidden, `${prefix}.input_layernorm.weight`);
    const head = (name: string): tf.Tensor4D =>
      splitHeads(project(normal, `${prefix}.self_attn.${name}.weight`), rows, heads);
    const attended = attend(head("q_proj"), head("k_proj"), head("v_proj"));
    hidden = residual(hidden, project(mergeHeads(attended), `${prefix}.self_attn.o_proj.weight`));
    const middle = norm(hidden, `${prefix}.post_attention_layernorm.weight`);
    const inner = swiglu(
      project(middle, `${prefix}.mlp.gate_proj.weight`),
      project(middle, `${prefix}.mlp.up_proj.weight`),
    );
    hidden = residual(hidden, project(inner, `${prefix}.mlp.down_proj.weight`));
  }
  return norm(hidden, "model.norm.weight");
}

const EMBEDDING = "model.embed_tokens.weight";

/** The name of the matrix that gives logits. */
export function headName({ tiedEmbeddings }: Configuration): string {
  return tiedEmbeddings ? EMBEDDING : "lm_head.weight";
}

/** The positions that have a label, flat, and for each (row among these, label). */
export type Supervised = {
  readonly positions: tf.Tensor1D;
  readonly targets: tf.Tensor2D;
};

/** Mean cross-entropy in nats over the supervised positions; the head sees no others. */
export function crossEntropy(hidden: tf.Tensor2D, head: tf.Tensor2D, { positions, targets }: Supervised): tf.Scalar {
  const selected = positions.size === hidden.shape[0] ? hidden : embedding(hidden, positions);
  const logits = tf.matMul<tf.Tensor2D>(selected, head, false, true);
  return tf.neg(tf.mean(tokenLogProbabilities(logits, targets)));
}

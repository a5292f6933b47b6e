import * as tf from "@tensorflow/tfjs-core";
import type { Project, Weights } from "./network.ts";

/** LoRA (arXiv 2106.09685) on every projection of the decoder, with a scale of 1 and no dropout. */
export interface LowRankAdapters {
  readonly variables: tf.Variable[];
  readonly project: Project;
}

/** The first matrix begins as 1 / in everywhere and the second as zeros, as torch_llama.py has it. */
export function lowRankAdapters(
  variables: ReadonlyMap<string, tf.Variable>,
  weights: Weights,
  rank: number,
): LowRankAdapters {
  const adapters = new Map(
    [...variables].flatMap(([name, { shape }]) => {
      const [out = 0, input = 0] = shape;
      if (!name.includes("_proj.")) return [];
      const down = tf.variable(tf.mul(tf.ones([rank, input]), 1 / input)) as tf.Variable<tf.Rank.R2>;
      const up = tf.variable(tf.zeros([out, rank])) as tf.Variable<tf.Rank.R2>;
      return [[name, { down, up }] as const];
    }),
  );
  return {
    variables: [...adapters.values()].flatMap(({ down, up }) => [down, up]),
    project(input, name) {
      const product = tf.matMul<tf.Tensor2D>(input, weights(name) as tf.Tensor2D, false, true);
      const adapter = adapters.get(name);
      if (adapter === undefined) return product;
      return tf.add(product, tf.matMul(tf.matMul(input, adapter.down, false, true), adapter.up, false, true));
    },
  };
}

import * as tf from "@tensorflow/tfjs-core";
import { logits } from "./decoder.ts";
import type { LlavaNetwork } from "./llava-network.ts";

/** The likeliest next tokens, not read yet. */
export interface Choice {
  /** [rows], int32 */
  readonly tokens: tf.Tensor1D;
  /** The sum of each row's logits, [rows]: not finite exactly when one of them is not. */
  readonly sums: tf.Tensor1D;
  /** The two highest logits, [rows, 2]; absent unless margins are wanted. */
  readonly highest?: tf.Tensor2D;
}

/** Chooses by hidden states [rows, hidden]. */
export function choose(network: LlavaNetwork, hidden: tf.Tensor2D, margins: boolean): Choice {
  const scores = logits(network.decoder, hidden);
  const tokens = tf.argMax<tf.Tensor1D>(scores, 1);
  const sums = tf.sum<tf.Tensor1D>(scores, 1);
  return { tokens, sums, ...(margins && { highest: tf.topk(scores, 2).values }) };
}

/** A choice on this side of the device. */
export interface ReadChoice {
  readonly tokens: ArrayLike<number>;
  /** Whether all logits of a row are finite; without that its token means nothing. */
  readonly finite: readonly boolean[];
  /** Where margins are wanted: how far each token is above the second best. */
  readonly margins?: readonly number[];
}

export async function readChoice({ tokens, sums, highest }: Choice): Promise<ReadChoice> {
  const values = await tokens.data();
  const finite = Array.from(await sums.data(), Number.isFinite);
  if (!highest) return { tokens: values, finite };
  const pairs = await highest.data();
  const margins = Array.from(values, (_, row) => (pairs[row * 2] ?? 0) - (pairs[row * 2 + 1] ?? 0));
  return { tokens: values, finite, margins };
}

export function disposeChoice({ tokens, sums, highest }: Choice): void {
  tf.dispose([tokens, sums]);
  highest?.dispose();
}

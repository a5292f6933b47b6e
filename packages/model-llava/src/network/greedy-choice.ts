import * as tf from "@tensorflow/tfjs-core";
import { logits } from "./decoder.ts";
import type { LlavaNetwork } from "./llava-network.ts";

/** The likeliest next tokens, not read yet. */
export interface Choice {
  /** [rows], int32 */
  readonly tokens: tf.Tensor1D;
  /** The two highest logits, [rows, 2]; absent unless margins are wanted. */
  readonly highest?: tf.Tensor2D;
}

/** Chooses by hidden states [rows, hidden]. */
export function choose(network: LlavaNetwork, hidden: tf.Tensor2D, margins: boolean): Choice {
  const scores = logits(network.decoder, hidden);
  const tokens = tf.keep(tf.argMax<tf.Tensor1D>(scores, 1));
  return margins ? { tokens, highest: tf.keep(tf.topk(scores, 2).values) } : { tokens };
}

/** Tokens and, where margins are wanted, how far each is above the second best. */
export async function readChoice({ tokens, highest }: Choice): Promise<{
  readonly tokens: ArrayLike<number>;
  readonly margins?: readonly number[];
}> {
  const values = await tokens.data();
  if (!highest) return { tokens: values };
  const pairs = await highest.data();
  return { tokens: values, margins: Array.from(values, (_, row) => (pairs[row * 2] ?? 0) - (pairs[row * 2 + 1] ?? 0)) };
}

export function disposeChoice({ tokens, highest }: Choice): void {
  tokens.dispose();
  highest?.dispose();
}

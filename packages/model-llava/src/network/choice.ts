import * as tf from "@tensorflow/tfjs-core";
import { logits } from "./decoder.ts";
import type { LlavaNetwork } from "./llava-network.ts";

/** What is wanted of a position besides its likeliest next token. */
export interface ChoiceOptions {
  /** The two highest logits. */
  readonly margins: boolean;
  /** All logits. */
  readonly logits: boolean;
}

/** The likeliest next tokens, not read yet. */
export interface Choice {
  /** [rows], int32 */
  readonly tokens: tf.Tensor1D;
  /** The sum of each row's logits, [rows]: not finite exactly when one of them is not. */
  readonly sums: tf.Tensor1D;
  /** The two highest logits, [rows, 2]; absent unless margins are wanted. */
  readonly highest?: tf.Tensor2D;
  /** [rows, vocabulary]; absent unless wanted. */
  readonly logits?: tf.Tensor2D;
}

/** Chooses by hidden states [rows, hidden]. */
export function choose(network: LlavaNetwork, hidden: tf.Tensor2D, wanted: ChoiceOptions): Choice {
  const scores = logits(network.decoder, hidden);
  const tokens = tf.argMax<tf.Tensor1D>(scores, 1);
  const sums = tf.sum<tf.Tensor1D>(scores, 1);
  return {
    tokens,
    sums,
    ...(wanted.margins && { highest: tf.topk(scores, 2).values }),
    ...(wanted.logits && { logits: scores }),
  };
}

/** A choice on this side of the device. */
export interface ReadChoice {
  readonly tokens: ArrayLike<number>;
  /** Whether all logits of a row are finite; without that its token means nothing. */
  readonly finite: readonly boolean[];
  /** Where margins are wanted: how far each token is above the second best. */
  readonly margins?: readonly number[];
  /** By row, of the rows for which they are wanted. */
  readonly logits: ReadonlyMap<number, Float32Array>;
}

/** Reads a choice, and the logits of some of its rows. */
export async function readChoice(choice: Choice, logitRows: readonly number[]): Promise<ReadChoice> {
  const { tokens, sums, highest } = choice;
  const values = await tokens.data();
  const finite = Array.from(await sums.data(), Number.isFinite);
  const logitsOf = await readLogits(choice, logitRows);
  if (!highest) return { tokens: values, finite, logits: logitsOf };
  const pairs = await highest.data();
  const margins = Array.from(values, (_, row) => (pairs[row * 2] ?? 0) - (pairs[row * 2 + 1] ?? 0));
  return { tokens: values, finite, margins, logits: logitsOf };
}

async function readLogits(
  { logits: all }: Choice,
  rows: readonly number[],
): Promise<ReadonlyMap<number, Float32Array>> {
  if (!all || rows.length === 0) return new Map();
  const [count, size] = all.shape;
  // Only what is read leaves the device.
  const wanted = rows.length === count ? all : tf.tidy(() => tf.gather(all, tf.tensor1d([...rows], "int32")));
  const values = await wanted.data<"float32">();
  if (wanted !== all) wanted.dispose();
  return new Map(rows.map((row, place) => [row, values.subarray(place * size, (place + 1) * size)]));
}

export function disposeChoice({ tokens, sums, highest, logits: all }: Choice): void {
  tf.dispose([tokens, sums]);
  highest?.dispose();
  all?.dispose();
}

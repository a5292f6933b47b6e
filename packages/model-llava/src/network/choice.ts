import * as tf from "@tensorflow/tfjs-core";
import { logits } from "./decoder.ts";
import type { LlavaNetwork } from "./llava-network.ts";

/** Results to compute for a position beside its likeliest next token. */
export interface ChoiceOptions {
  /** Whether to compute the two highest logits. */
  readonly margins: boolean;
  /** Whether to return all logits. */
  readonly logits: boolean;
}

/** The likeliest next token of each row, as tensors. */
export interface Choice {
  /** Token of each row [rows], int32. */
  readonly tokens: tf.Tensor1D;
  /** Sum of each row's logits [rows]. It is finite only if all logits are finite. */
  readonly sums: tf.Tensor1D;
  /** The two highest logits of each row [rows, 2]; absent unless requested. */
  readonly highest?: tf.Tensor2D;
  /** All logits [rows, vocabulary]; absent unless requested. */
  readonly logits?: tf.Tensor2D;
}

/** Chooses the likeliest next token for each row of hidden states [rows, hidden]. */
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

/** A {@link Choice} on the host. */
export interface ReadChoice {
  readonly tokens: ArrayLike<number>;
  /** Whether all logits of each row are finite. If not, the row's token is meaningless. */
  readonly finite: readonly boolean[];
  /** Difference of the two highest logits of each row; absent unless requested. */
  readonly margins?: readonly number[];
  /** Logits by row, for the rows whose logits were requested. */
  readonly logits: ReadonlyMap<number, Float32Array>;
}

/** Reads a choice, and the logits of the rows in `logitRows`. */
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
  // Transfers only the requested rows.
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

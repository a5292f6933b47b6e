import * as tf from "@tensorflow/tfjs-core";
import type { InputTensors } from "../batch/input-tensors.ts";
import { roundUp } from "../batch/shape-buckets.ts";
import { cacheSlot, disposeCache, emptyCache, promptMask, writeSlot } from "./answer-cache.ts";
import { attention, type KeyValue } from "./attention.ts";
import { decode, logits } from "./decoder.ts";
import { hiddenStates, type LlavaNetwork } from "./llava-network.ts";
import { mapRotaryTable, type RotaryTable } from "./rotary.ts";

export interface GreedyDecodingOptions {
  /** Prompts, padded on the right to one length. */
  readonly prompts: InputTensors;
  /** Positions of each row's prompt, at least 1. */
  readonly promptLengths: readonly number[];
  readonly maximumNewTokens: number;
  /** Is given each step's tokens, one per row, and says whether to go on. */
  readonly accept: (tokens: ArrayLike<number>) => boolean;
}

/**
 * Generates the likeliest tokens, each row by itself. Two graphs serve a whole answer: one for the prompts, and one
 * for all steps.
 */
export async function decodeGreedily(network: LlavaNetwork, options: GreedyDecodingOptions): Promise<void> {
  const { prompts, promptLengths, maximumNewTokens, accept } = options;
  const capacity = answerCapacity(maximumNewTokens);
  const prompt = readPrompts(network, options);
  const mask = promptMask(promptLengths, prompts.length);
  let state: DecodingState = {
    tokens: prompt.tokens,
    answer: emptyCache(network.decoder.config, prompts.rows, capacity),
  };
  try {
    for (let step = 0; accept(await state.tokens.data()) && step + 1 < maximumNewTokens; step++) {
      const positions = promptLengths.map((length) => length + step);
      const next = takeStep(network, state, { prompt: prompt.cache, mask, positions, step });
      disposeState(state);
      state = next;
    }
  } finally {
    disposeState(state);
    disposeCache(prompt.cache);
    mask.dispose();
  }
}

/** Places for an answer's keys and values; few sizes, since each compiles a graph. */
export function answerCapacity(maximumNewTokens: number): number {
  return roundUp(maximumNewTokens, 8);
}

interface DecodingState {
  /** The newest tokens [rows] (int32), not yet in the cache. */
  readonly tokens: tf.Tensor1D;
  /** Each layer's keys and values of the answer, [rows, keyValueHeads, capacity, dimension]; steps to come are zero. */
  readonly answer: readonly KeyValue[];
}

function disposeState({ tokens, answer }: DecodingState): void {
  tokens.dispose();
  disposeCache(answer);
}

function readPrompts(
  network: LlavaNetwork,
  { prompts, promptLengths }: GreedyDecodingOptions,
): { tokens: tf.Tensor1D; cache: KeyValue[] } {
  const cache: KeyValue[] = [];
  const tokens = tf.tidy(() => {
    const hidden = hiddenStates(network, prompts, (keyValue) => cache.push(keepCache(keyValue)));
    const last = promptLengths.map((length, row) => row * prompts.length + length - 1);
    return likeliestTokens(network, tf.gather(hidden, tf.tensor1d(last, "int32")));
  });
  return { tokens, cache };
}

interface Step {
  readonly prompt: readonly KeyValue[];
  readonly mask: tf.Tensor;
  /** Of each row's newest token. */
  readonly positions: readonly number[];
  readonly step: number;
}

function takeStep(
  network: LlavaNetwork,
  { tokens, answer }: DecodingState,
  { prompt, mask, positions, step }: Step,
): DecodingState {
  const rows = positions.length;
  const capacity = answer[0]?.key.shape[2] ?? 0;
  const length = (prompt[0]?.key.shape[2] ?? 0) + capacity;
  const updated: KeyValue[] = [];
  const next = tf.tidy(() => {
    const slot = cacheSlot(step, capacity);
    const attend = (query: tf.Tensor4D, added: KeyValue, layer: number): tf.Tensor4D => {
      const [promptPart, answerPart] = [prompt[layer], answer[layer]];
      if (!promptPart || !answerPart) throw new RangeError(`model-llava: layer ${layer} has no cache.`);
      const written = keepCache(writeSlot(answerPart, added, slot));
      updated.push(written);
      return attention(query, [
        { ...promptPart, mask },
        { ...written, mask: slot.mask },
      ]);
    };
    const hidden = tf.gather(network.decoder.weights.embedding, tokens);
    const rotations = rotationsAt(network.constants.rotations(length), positions);
    return likeliestTokens(network, decode(network.decoder, { hidden, rows, rotations, attend }));
  });
  return { tokens: next, answer: updated };
}

/** Rotations of one position per row, [rows, 1, dimension / 2]. */
function rotationsAt(table: RotaryTable, positions: readonly number[]): RotaryTable {
  const indices = tf.tensor1d([...positions], "int32");
  return mapRotaryTable(table, (tensor) => tf.reshape(tf.gather(tensor, indices), [positions.length, 1, -1]));
}

function likeliestTokens(network: LlavaNetwork, hidden: tf.Tensor2D): tf.Tensor1D {
  return tf.argMax(logits(network.decoder, hidden), 1);
}

function keepCache({ key, value }: KeyValue): KeyValue {
  return { key: tf.keep(key), value: tf.keep(value) };
}

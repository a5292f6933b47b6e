import * as tf from "@tensorflow/tfjs-core";
import type { PromptTensors } from "../batch/prompt-tensors.ts";
import { roundUp } from "../batch/shape-buckets.ts";
import { cacheSlot, emptyCache, keepCache, writeSlot, disposeCache } from "./answer-cache.ts";
import { attention, type KeyValue } from "./attention.ts";
import { decode } from "./decoder.ts";
import { type Choice, choose, disposeChoice, readChoice } from "./greedy-choice.ts";
import type { LlavaNetwork } from "./llava-network.ts";
import { type PrefixCache, prefixMaskOf, prefixPart, rotationsAt, runPrompts } from "./prompt-pass.ts";
import { disposeRowState, fewerRows, onlyRows, ownMask, type RowState, withMask, worthFewerRows } from "./row-state.ts";

export interface GreedyDecodingOptions {
  readonly prompts: PromptTensors;
  /** What the prompts begin with, computed; `prompts` are then the rest. */
  readonly prefix?: PrefixCache;
  /** Positions of each row in `prompts`, at least 1; rows beyond these are padding. */
  readonly lengths: readonly number[];
  /** Positions of each row's whole prompt. Default: `lengths`. */
  readonly promptLengths?: readonly number[];
  readonly maximumNewTokens: number;
  /** Whether margins are computed. Default false. */
  readonly margins?: boolean;
  /**
   * Is given a row's next token, with `margins` also how far its logit is above the second best, and says whether the
   * row goes on.
   */
  readonly take: (row: number, token: number, margin: number | undefined) => boolean;
  /** The error of a row that goes on and whose logits are not finite. */
  readonly notFinite: (row: number) => Promise<Error>;
}

/**
 * Generates the likeliest tokens, each row by itself. Two graphs serve a whole answer: one for the prompts, and one
 * for all steps; others come in when most rows have ended and the rest goes on alone.
 */
export async function decodeGreedily(network: LlavaNetwork, options: GreedyDecodingOptions): Promise<void> {
  const { maximumNewTokens, margins = false, take } = options;
  const reach = Math.max(...(options.promptLengths ?? options.lengths)) + maximumNewTokens;
  let [state, choice] = readPrompts(network, options, reach);
  try {
    for (let step = 0; ; step++) {
      const read = await readChoice(choice);
      const failed = state.rows.find((row, place) => row !== undefined && read.finite[place] === false);
      if (failed !== undefined) throw await options.notFinite(failed);
      const going = state.rows.flatMap((row, place) =>
        row !== undefined && take(row, read.tokens[place] ?? 0, read.margins?.[place]) ? place : [],
      );
      const left = maximumNewTokens - step - 1;
      if (going.length === 0 || left <= 0) break;
      state = onlyRows(state, going);
      let tokens = Array.from(read.tokens);
      if (worthFewerRows(state, going.length, left)) {
        state = fewerRows(state, going);
        tokens = state.rows.map((_, row) => tokens[going[row] ?? going[0] ?? 0] ?? 0);
      }
      const before = [choice, state] as const;
      [state, choice] = takeStep(network, state, { tokens, step, reach, margins });
      disposeChoice(before[0]);
      disposeCache(before[1].answer);
    }
  } finally {
    disposeChoice(choice);
    disposeRowState(state);
  }
}

/** Places for an answer's keys and values; few sizes, since each compiles a graph. */
export function answerCapacity(maximumNewTokens: number): number {
  return roundUp(maximumNewTokens, 8);
}

function readPrompts(network: LlavaNetwork, options: GreedyDecodingOptions, reach: number): [RowState, Choice] {
  const { prompts, prefix, lengths, promptLengths = lengths, maximumNewTokens, margins = false } = options;
  const { rows, length } = prompts;
  const allRows = Array.from({ length: rows }, (_, row) => row);
  let layers: readonly KeyValue[] = [];
  const choice = tidyChoice(() => {
    const last = allRows.map((row) => row * length + (lengths[row] ?? 1) - 1);
    const run = runPrompts(network, prompts, { ...(prefix && { prefix }), wanted: tf.tensor1d(last, "int32"), reach });
    layers = run.layers;
    return choose(network, run.hidden, margins);
  });
  const state: RowState = {
    rows: allRows.map((row) => (row < lengths.length ? row : undefined)),
    promptLengths: allRows.map((row) => promptLengths[row] ?? 1),
    ...(prefix && { prefix, prefixMask: prefixMaskOf(prefix, rows) }),
    ownsPrefix: false,
    prompt: withMask(layers, ownMask(lengths, rows, length)),
    answer: emptyCache(network.decoder.config, rows, answerCapacity(maximumNewTokens)),
  };
  return [state, choice];
}

interface Step {
  /** Each row's newest token, not yet in the cache. */
  readonly tokens: readonly number[];
  readonly step: number;
  readonly reach: number;
  readonly margins: boolean;
}

function takeStep(network: LlavaNetwork, state: RowState, { tokens, step, reach, margins }: Step): [RowState, Choice] {
  const { prefix, prefixMask, prompt, promptLengths } = state;
  const answer: KeyValue[] = [];
  const choice = tidyChoice(() => {
    const slot = cacheSlot(step, state.answer[0]?.key.shape[2] ?? 0);
    const attend = (query: tf.Tensor4D, added: KeyValue, layer: number): tf.Tensor4D => {
      const [promptPart, answerPart] = [prompt[layer], state.answer[layer]];
      if (!promptPart || !answerPart) throw new RangeError(`model-llava: layer ${layer} has no cache.`);
      const written = keepCache(writeSlot(answerPart, added, slot));
      answer.push(written);
      return attention(query, [...prefixPart(prefix, prefixMask, layer), promptPart, { ...written, mask: slot.mask }]);
    };
    const hidden = tf.gather(network.decoder.weights.embedding.tensor, tf.tensor1d([...tokens], "int32"));
    const positions = tf.tensor1d(
      promptLengths.map((length) => length + step),
      "int32",
    );
    const rotations = rotationsAt(network, positions, tokens.length, reach);
    return choose(network, decode(network.decoder, { hidden, rows: tokens.length, rotations, attend }), margins);
  });
  return [{ ...state, answer }, choice];
}

function tidyChoice(make: () => Choice): Choice {
  const kept: Choice[] = [];
  tf.tidy(() => void kept.push(make()));
  const [choice] = kept;
  if (!choice) throw new RangeError("model-llava: nothing was chosen.");
  return choice;
}

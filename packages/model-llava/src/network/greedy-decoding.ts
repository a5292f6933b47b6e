import * as tf from "@tensorflow/tfjs-core";
import type { PromptTensors } from "../batch/prompt-tensors.ts";
import { roundUp } from "../batch/shape-buckets.ts";
import { cacheSlot, emptyCache } from "./answer-cache.ts";
import type { AnswerFunctions } from "./answer-functions.ts";
import { type Choice, disposeChoice, readChoice } from "./greedy-choice.ts";
import { maskedPrefix, type PrefixCache, tableLength } from "./prompt-pass.ts";
import { disposeRowState, fewerRows, onlyRows, ownMask, type RowState, worthFewerRows } from "./row-state.ts";

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
export async function decodeGreedily(functions: AnswerFunctions, options: GreedyDecodingOptions): Promise<void> {
  const { maximumNewTokens, margins = false, take } = options;
  const table = tableLength(Math.max(...(options.promptLengths ?? options.lengths)) + maximumNewTokens);
  let [state, choice] = readPrompts(functions, options, table);
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
      const before = choice;
      [state, choice] = takeStep(functions, state, { tokens, step, steps: maximumNewTokens, table, margins });
      disposeChoice(before);
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

function readPrompts(functions: AnswerFunctions, options: GreedyDecodingOptions, table: number): [RowState, Choice] {
  const { prompts, prefix: given, lengths, promptLengths = lengths, maximumNewTokens, margins = false } = options;
  const { rows, length } = prompts;
  const allRows = Array.from({ length: rows }, (_, row) => row);
  const prefix = given && maskedPrefix(given, rows);
  const last = allRows.map((row) => row * length + (lengths[row] ?? 1) - 1);
  const wanted = tf.tensor1d(last, "int32");
  const { layers, choice } = functions.begin({ prompts, ...(prefix && { prefix }), wanted, table }, margins);
  wanted.dispose();
  const state: RowState = {
    rows: allRows.map((row) => (row < lengths.length ? row : undefined)),
    promptLengths: allRows.map((row) => promptLengths[row] ?? 1),
    ...(prefix && { prefix }),
    ownsPrefix: false,
    prompt: { layers, mask: ownMask(lengths, rows, length) },
    answer: emptyCache(functions.network.decoder.config, rows, answerCapacity(maximumNewTokens)),
  };
  return [state, choice];
}

interface Step {
  /** Each row's newest token, not yet in the cache. */
  readonly tokens: readonly number[];
  readonly step: number;
  /** That the answer may have. */
  readonly steps: number;
  readonly table: number;
  readonly margins: boolean;
}

function takeStep(
  functions: AnswerFunctions,
  state: RowState,
  { tokens, step, steps, table, margins }: Step,
): [RowState, Choice] {
  const { prefix, prompt, promptLengths, answer: before } = state;
  const slot = cacheSlot(before[0]?.key.shape ?? [0, 0, 0, 0], step);
  const newest = tf.tensor1d([...tokens], "int32");
  const positions = tf.tensor1d(
    promptLengths.map((length) => length + step),
    "int32",
  );
  const { choice, answer } = functions.step(
    { tokens: newest, positions, slot, ...(prefix && { prefix }), prompt, answer: before, table, margins },
    steps,
  );
  tf.dispose([newest, positions, slot.places, slot.mask]);
  return [{ ...state, answer }, choice];
}

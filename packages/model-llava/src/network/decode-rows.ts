import * as tf from "@tensorflow/tfjs-core";
import type { PromptTensors } from "../batch/prompt-tensors.ts";
import { roundUp } from "../batch/shape-buckets.ts";
import { cacheSlot, emptyCache } from "./answer-cache.ts";
import type { AnswerFunctions } from "./answer-functions.ts";
import { type Choice, type ChoiceOptions, disposeChoice, readChoice, type ReadChoice } from "./choice.ts";
import { rotationsByLength } from "./long-prompts.ts";
import { maskedPrefix, type PrefixCache, tableLength } from "./prompt-pass.ts";
import { disposeRotaryTable } from "./rotary.ts";
import { disposeRowState, fewerRows, onlyRows, ownMask, type RowState, worthFewerRows } from "./row-state.ts";

export interface RowDecodingOptions {
  readonly prompts: PromptTensors;
  /** Keys and values of shared prefixes. `prompts` then contain only the positions after the prefixes. */
  readonly prefix?: PrefixCache;
  /** Number of positions of each row in `prompts`, at least 1. Further rows are padding. */
  readonly lengths: readonly number[];
  /** Number of positions of each row's whole prompt, including its prefix. Default: `lengths`. */
  readonly promptLengths?: readonly number[];
  readonly maximumNewTokens: number;
  /** Whether to compute margins. Default false. */
  readonly margins?: boolean;
  /** Returns whether a row needs all logits. Default: no row does. */
  readonly readsLogits?: (row: number) => boolean;
  /** Receives the likeliest next token of a row. Returns the token that continues the row; undefined ends the row. */
  readonly take: (row: number, next: NextToken) => number | undefined;
  /** Awaited before each position. */
  readonly pause?: () => Promise<void>;
  /** Returns the error for an unfinished row with logits that are not finite. */
  readonly notFinite: (row: number) => Promise<Error>;
}

/** The likeliest next token of a row. */
export interface NextToken {
  readonly token: number;
  /** Difference of the two highest logits; absent unless requested. */
  readonly margin?: number;
  /** All logits [vocabulary]; absent unless requested. */
  readonly logits?: Float32Array;
}

/**
 * Generates the tokens of each row independently. The next token is the likeliest one unless `take` returns a different
 * token. One graph processes the prompts and one graph processes all steps. When most rows have ended, the others
 * continue in a smaller batch, which needs new graphs.
 */
export async function decodeRows(functions: AnswerFunctions, options: RowDecodingOptions): Promise<void> {
  const { maximumNewTokens, margins = false, readsLogits = () => false, take, pause } = options;
  const table = tableLength(Math.max(...(options.promptLengths ?? options.lengths)) + maximumNewTokens);
  const wanted = { margins, logits: options.lengths.some((_, row) => readsLogits(row)) };
  let [state, choice] = await readPrompts(functions, options, wanted, table);
  try {
    for (let step = 0; ; step++) {
      const logitRows = state.rows.flatMap((row, place) => (row !== undefined && readsLogits(row) ? place : []));
      const read = await readChoice(choice, logitRows);
      const failed = state.rows.find((row, place) => row !== undefined && read.finite[place] === false);
      if (failed !== undefined) throw await options.notFinite(failed);
      let tokens = Array.from(read.tokens);
      const going = state.rows.flatMap((row, place) => {
        const token = row === undefined ? undefined : take(row, nextToken(read, place));
        if (token === undefined) return [];
        tokens[place] = token;
        return place;
      });
      const left = maximumNewTokens - step - 1;
      if (going.length === 0 || left <= 0) break;
      await pause?.();
      state = onlyRows(state, going);
      if (worthFewerRows(state, going.length, left)) {
        state = fewerRows(state, going);
        const before = tokens;
        tokens = state.rows.map((_, row) => before[going[row] ?? going[0] ?? 0] ?? 0);
      }
      const before = choice;
      [state, choice] = takeStep(functions, state, { tokens, step, steps: maximumNewTokens, table, wanted });
      disposeChoice(before);
    }
  } finally {
    disposeChoice(choice);
    disposeRowState(state);
  }
}

function nextToken({ tokens, margins, logits }: ReadChoice, place: number): NextToken {
  const [margin, all] = [margins?.[place], logits.get(place)];
  return { token: tokens[place] ?? 0, ...(margin !== undefined && { margin }), ...(all && { logits: all }) };
}

/**
 * Returns the number of positions to reserve for the keys and values of an answer. Few distinct values occur, because
 * each compiles a graph.
 */
export function answerCapacity(maximumNewTokens: number): number {
  return roundUp(maximumNewTokens, 8);
}

async function readPrompts(
  functions: AnswerFunctions,
  options: RowDecodingOptions,
  wanted: ChoiceOptions,
  table: number,
): Promise<[RowState, Choice]> {
  const { prompts, prefix: given, lengths, promptLengths = lengths, maximumNewTokens } = options;
  const { rows, length } = prompts;
  const allRows = Array.from({ length: rows }, (_, row) => row);
  const prefix = given && maskedPrefix(given, rows);
  const last = allRows.map((row) => row * length + (lengths[row] ?? 1) - 1);
  const positions = tf.tensor1d(last, "int32");
  const parts = allRows.map((row) => {
    const [own, whole] = [lengths[row] ?? 1, promptLengths[row] ?? 1];
    return { start: whole - own, length: own, whole };
  });
  const rotations = rotationsByLength(functions.network, parts, length);
  const pass = {
    prompts,
    wanted: positions,
    table,
    ...(prefix && { prefix }),
    ...(rotations && { rotations }),
  };
  const { layers, choice } = await functions
    .begin(pass, wanted, options.pause)
    .catch((error: unknown) => {
      prefix?.mask.dispose();
      throw error;
    })
    .finally(() => {
      positions.dispose();
      if (rotations) disposeRotaryTable(rotations);
    });
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
  /** Each row's newest token. Its keys and values are not in the cache yet. */
  readonly tokens: readonly number[];
  readonly step: number;
  /** Maximum number of steps. */
  readonly steps: number;
  readonly table: number;
  readonly wanted: ChoiceOptions;
}

function takeStep(
  functions: AnswerFunctions,
  state: RowState,
  { tokens, step, steps, table, wanted }: Step,
): [RowState, Choice] {
  const { prefix, prompt, promptLengths, answer: before } = state;
  const slot = cacheSlot(before[0]?.key.shape ?? [0, 0, 0, 0], step);
  const newest = tf.tensor1d([...tokens], "int32");
  const positions = tf.tensor1d(
    promptLengths.map((length) => length + step),
    "int32",
  );
  const { choice, answer } = functions.step(
    { tokens: newest, positions, slot, ...(prefix && { prefix }), prompt, answer: before, table, wanted },
    steps,
  );
  tf.dispose([newest, positions, slot.places, slot.mask]);
  return [{ ...state, answer }, choice];
}

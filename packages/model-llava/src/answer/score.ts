import { counted, type GenerationOptions, MlanError, type Score, type ScoreRequest } from "@mlan/core";
import { disposeSelection, selection, type Target } from "../batch/selection.ts";
import { powerOfTwo } from "../batch/shape-buckets.ts";
import { continued, encodePrompt } from "../encode-prompt.ts";
import type { AnswerFunctions } from "../network/answer-functions.ts";
import { positionsPerImage } from "../network/llava-network.ts";
import { rotationsByLength, rotationsDependOnLength } from "../network/long-prompts.ts";
import { maskedPrefix, tableLength } from "../network/prompt-pass.ts";
import { disposeRotaryTable } from "../network/rotary.ts";
import { logitsNotFinite } from "./logits-not-finite.ts";
import { imageSet } from "./image-set.ts";
import {
  type InferenceModel,
  tokenizePrompt,
  type TokenizedPrompt,
  writeRequest,
  positionSymbols,
} from "./tokenize-prompt.ts";
import { type ReadyBatch, runBatches } from "./run-batches.ts";
import type { Sequence } from "./plan-batches.ts";

/**
 * Returns the summed log-probability of each continuation. Prompt and continuation are encoded as one text, because a
 * token may span both. The continuation's tokens are those after the common prefix with the encoded prompt. Throws the
 * error of {@link logitsNotFinite} when a result is not finite.
 */
export async function score(
  model: InferenceModel,
  requests: readonly ScoreRequest[],
  options: GenerationOptions = {},
): Promise<readonly Score[]> {
  const continuations = requests.map((request) => readContinuation(model, request, options));
  const set = await imageSet(requests, options.signal);
  const items = continuations.map(({ prompt, tokens }, index): Item => {
    const symbols = positionSymbols(prompt, set, positionsPerImage(model.network));
    const targets = symbols.subarray(-tokens);
    // Outputs are read at the position before the continuation and at all its positions except the last.
    const computed = symbols.subarray(0, -1);
    const id = requests[index]?.id ?? "";
    const byLength = rotationsDependOnLength(model.network.decoder.config, computed.length);
    return {
      id,
      truncated: prompt.truncated,
      symbols: computed,
      shareable: byLength ? 0 : computed.length - tokens,
      targets,
    };
  });
  const scores = new Map<Item, { logProbability: number; computedPositions: number }>();
  for await (const batch of runBatches(model, items, set, options, (ready) => scoreBatch(model.functions, ready))) {
    for (const [item, result] of batch) {
      if (!Number.isFinite(result.logProbability)) throw await logitsNotFinite(model.network, item.id);
      scores.set(item, result);
    }
  }
  return items.flatMap((item, index) => {
    const [request, result] = [requests[index], scores.get(item)];
    return request && result
      ? {
          id: request.id,
          tokens: item.targets.length,
          length: item.symbols.length,
          ...(item.truncated > 0 && { truncatedPositions: item.truncated }),
          ...result,
        }
      : [];
  });
}

interface Item extends Sequence {
  readonly id: string;
  readonly targets: Int32Array;
  /** Number of positions by which the prompt was truncated. */
  readonly truncated: number;
}

interface Continuation {
  /** Prompt and continuation. */
  readonly prompt: TokenizedPrompt;
  /** Number of tokens of the continuation. */
  readonly tokens: number;
}

function readContinuation(
  model: InferenceModel,
  request: ScoreRequest,
  { longPrompts }: GenerationOptions,
): Continuation {
  const { maximumPositions } = model.network.decoder.config;
  const before = writeRequest(model, request);
  const whole = continued(before, request.continuation);
  const prefix = encodePrompt(before, model.tokenizer, request);
  const ids = encodePrompt(whole, model.tokenizer, request);
  const different = ids.findIndex((id, index) => id !== prefix[index]);
  const tokens = different < 0 ? 0 : ids.length - different;
  const prompt = tokenizePrompt(model, whole, request, {
    // The last token is only a target, never an input.
    room: maximumPositions + 1,
    scored: tokens,
    longPrompts,
  });
  if (tokens > 0 && tokens < prompt.inputIds.length) return { prompt, tokens };
  throw new MlanError(
    "invalid-data",
    `model-llava: "${request.id}" cannot be scored: its continuation ${JSON.stringify(request.continuation)} has ${counted(tokens, "token")} ` +
      `of ${prompt.inputIds.length}. A continuation needs at least one token, and at least one token before it.`,
  );
}

async function scoreBatch(
  functions: AnswerFunctions,
  { prompts, prefix: given, rows }: ReadyBatch<Item>,
): Promise<ReadonlyMap<Item, { logProbability: number; computedPositions: number }>> {
  const targets = rows.flatMap((row, index) =>
    row ? targetsOf(row.item, row.symbols.length, index * prompts.length) : [],
  );
  const selected = selection(targets, powerOfTwo(targets.length));
  const table = tableLength(Math.max(...rows.map((row) => row?.item.symbols.length ?? 1)));
  const prefix = given && maskedPrefix(given, prompts.rows);
  const parts = rows.map((row) =>
    row
      ? { start: row.start, length: row.symbols.length, whole: row.item.symbols.length }
      : { start: 0, length: 1, whole: 1 },
  );
  const rotations = rotationsByLength(functions.network, parts, prompts.length);
  const pass = {
    prompts,
    wanted: selected.positions,
    table,
    ...(prefix && { prefix }),
    ...(rotations && { rotations }),
  };
  const logProbabilities = functions.score(pass, selected.targets);
  prefix?.mask.dispose();
  if (rotations) disposeRotaryTable(rotations);
  disposeSelection(selected);
  const values = await logProbabilities.data<"float32">();
  logProbabilities.dispose();
  let next = 0;
  return new Map(
    rows.flatMap((row) => {
      if (!row) return [];
      const part = values.subarray(next, (next += row.item.targets.length));
      return [
        [row.item, { logProbability: part.reduce((sum, value) => sum + value, 0), computedPositions: row.computed }],
      ];
    }),
  );
}

/** Returns the last positions of a row, one per target token. */
function targetsOf({ targets }: Item, length: number, first: number): readonly Target[] {
  return Array.from(targets, (token, index) => ({ position: first + length - targets.length + index, token }));
}

import { setImmediate } from "node:timers/promises";
import { type Generation, type GenerationOptions, type GenerationRequest, MlanError } from "@mlan/core";
import type { Pause } from "../network/answer-functions.ts";
import { answerCapacity, decodeRows } from "../network/decode-rows.ts";
import { positionsPerImage } from "../network/llava-network.ts";
import { rotationsDependOnLength } from "../network/long-prompts.ts";
import { logitsNotFinite } from "./logits-not-finite.ts";
import { imageSet } from "./image-set.ts";
import { answerEnds, type PendingAnswer, pendingAnswer } from "./pending-answer.ts";
import {
  type InferenceModel,
  tokenizePrompt,
  type TokenizedPrompt,
  writeRequest,
  positionSymbols,
} from "./tokenize-prompt.ts";
import { type ReadyBatch, runBatches } from "./run-batches.ts";
import { checkRequest } from "./sampling/check-request.ts";
import type { Sequence } from "./plan-batches.ts";

/**
 * Answers requests in batches of prompts with similar lengths. A prefix that several prompts share is computed once.
 * Throws the error of {@link logitsNotFinite} when logits are NaN or infinite.
 */
export async function* generate(
  model: InferenceModel,
  requests: readonly GenerationRequest[],
  options: GenerationOptions = {},
): AsyncIterable<Generation> {
  const prompts = requests.map((request) => readRequest(model, request, options));
  const set = await imageSet(requests, options.signal);
  const items = requests.map((request, index): Item => {
    const prompt = prompts[index];
    const symbols = prompt ? positionSymbols(prompt, set, positionsPerImage(model.network)) : new Int32Array();
    const byLength = rotationsDependOnLength(model.network.decoder.config, symbols.length);
    return { request, symbols, shareable: byLength ? 0 : symbols.length - 1, truncated: prompt?.truncated ?? 0 };
  });
  const isFollowed = options.onText !== undefined || requests.some(({ signal }) => signal);
  // Yields to the event loop, so that text is displayed and signals arrive even if the backend never yields.
  const { signal } = options;
  const pause: Pause = async () => {
    await setImmediate();
    signal?.throwIfAborted();
  };
  const run = (batch: ReadyBatch<Item>) => answer(model, batch, options, isFollowed ? pause : undefined);
  for await (const answers of runBatches(model, items, set, options, run, isFollowed ? pause : undefined))
    yield* answers;
}

function readRequest(
  model: InferenceModel,
  request: GenerationRequest,
  { longPrompts }: GenerationOptions,
): TokenizedPrompt {
  checkRequest(request);
  const { id, maximumNewTokens } = request;
  const { maximumPositions } = model.network.decoder.config;
  const room = maximumPositions - answerCapacity(maximumNewTokens);
  if (room > 0) return tokenizePrompt(model, writeRequest(model, request), request, { room, longPrompts });
  throw new MlanError(
    "invalid-options",
    `model-llava: maximumNewTokens of request "${id}" is ${maximumNewTokens}, which leaves no room for a prompt: the model reads ${maximumPositions} positions at most. Lower it.`,
  );
}

interface Item extends Sequence {
  readonly request: GenerationRequest;
  /** Number of positions by which the prompt was truncated. */
  readonly truncated: number;
}

async function answer(
  model: InferenceModel,
  { prompts, prefix, rows }: ReadyBatch<Item>,
  { details = false, onText, signal }: GenerationOptions,
  pause: Pause | undefined,
): Promise<readonly Generation[]> {
  const { network, functions, tokenizer } = model;
  const ends = answerEnds(model);
  const answers: readonly (PendingAnswer | undefined)[] = rows.map((row) => {
    if (!row) return undefined;
    const { request, symbols } = row.item;
    // Negative symbols are image patches.
    const promptTokens = symbols.filter((symbol) => symbol >= 0);
    return pendingAnswer(request, { tokenizer, ends, promptTokens, details, ...(onText && { onText }) });
  });
  await decodeRows(functions, {
    prompts,
    ...(prefix && { prefix }),
    lengths: rows.map((row) => row?.symbols.length ?? 1),
    promptLengths: rows.map((row) => row?.item.symbols.length ?? 1),
    maximumNewTokens: Math.max(...rows.map((row) => row?.item.request.maximumNewTokens ?? 0)),
    margins: details,
    readsLogits: (row) => answers[row]?.readsLogits ?? false,
    notFinite: (row) => logitsNotFinite(network, rows[row]?.item.request.id ?? ""),
    take: (row, next) => {
      signal?.throwIfAborted();
      return answers[row]?.take(next);
    },
    ...(pause && { pause }),
  });
  return rows.flatMap((row, index) => {
    const result = answers[index]?.result();
    if (!row || !result) return [];
    const { symbols, truncated } = row.item;
    const costs = { promptLength: symbols.length, computedPositions: row.computed };
    return { ...result, ...costs, ...(truncated > 0 && { truncatedPositions: truncated }) };
  });
}

import type { Generation, GenerationOptions, GenerationRequest } from "@mlan/core";
import { answerCapacity, decodeGreedily } from "../network/greedy-decoding.ts";
import { positionsPerImage } from "../network/llava-network.ts";
import { logitsNotFinite } from "./logits-not-finite.ts";
import { imageSet } from "./image-set.ts";
import { answerEnds, type PendingAnswer, pendingAnswer } from "./pending-answer.ts";
import { type PromptReader, readPrompt, writeRequest, symbolsOf } from "./prompt-reader.ts";
import { type ReadyBatch, runBatches } from "./run-batches.ts";
import type { Sequence } from "./plan-batches.ts";

/**
 * Greedy answers, one batch of prompts of similar length at a time; shared prefixes are computed once. Throws the error
 * of {@link logitsNotFinite} when logits are NaN or infinite.
 */
export async function* generate(
  reader: PromptReader,
  requests: readonly GenerationRequest[],
  options: GenerationOptions = {},
): AsyncIterable<Generation> {
  const { maximumPositions } = reader.network.decoder.config;
  const prompts = requests.map((request) => {
    const written = writeRequest(reader, request);
    const room = maximumPositions - answerCapacity(request.maximumNewTokens);
    return readPrompt(reader, written, request, { room });
  });
  const set = await imageSet(requests, options.signal);
  const items = requests.map((request, index) => {
    const prompt = prompts[index];
    const symbols = prompt ? symbolsOf(prompt, set, positionsPerImage(reader.network)) : new Int32Array();
    return { request, symbols, shareable: symbols.length - 1 };
  });
  for await (const answers of runBatches(reader, items, set, options, (batch) => answer(reader, batch, options)))
    yield* answers;
}

interface Item extends Sequence {
  readonly request: GenerationRequest;
}

async function answer(
  { network, functions, tokenizer, template }: PromptReader,
  { prompts, prefix, rows }: ReadyBatch<Item>,
  { details = false, signal }: GenerationOptions,
): Promise<readonly Generation[]> {
  const ends = answerEnds(template, tokenizer);
  const answers: readonly (PendingAnswer | undefined)[] = rows.map(
    (row) => row && pendingAnswer(row.item.request, tokenizer, ends),
  );
  await decodeGreedily(functions, {
    prompts,
    ...(prefix && { prefix }),
    lengths: rows.map((row) => row?.symbols.length ?? 1),
    promptLengths: rows.map((row) => row?.item.symbols.length ?? 1),
    maximumNewTokens: Math.max(...rows.map((row) => row?.item.request.maximumNewTokens ?? 0)),
    margins: details,
    notFinite: (row) => logitsNotFinite(network, rows[row]?.item.request.id ?? ""),
    take: (row, token, margin) => {
      signal?.throwIfAborted();
      return answers[row]?.take(token, margin) ?? false;
    },
  });
  return rows.flatMap((row, index) => {
    const result = answers[index]?.result();
    if (!row || !result) return [];
    const { tokens, margins, ...rest } = result;
    const costs = { promptLength: row.item.symbols.length, computedPositions: row.computed };
    return { ...rest, ...costs, ...(details && { tokens, margins }) };
  });
}

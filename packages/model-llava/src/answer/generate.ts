import type { Generation, GenerationOptions, GenerationRequest } from "@mlan/core";
import { disposeInputTensors, inputTensors } from "../batch/input-tensors.ts";
import { lengthBucket, powerOfTwo } from "../batch/shape-buckets.ts";
import { splice } from "../batch/splice.ts";
import { answerCapacity, decodeGreedily } from "../network/greedy-decoding.ts";
import { positionsPerImage } from "../network/llava-network.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import {
  batchesOf,
  checkBatchSize,
  DEFAULT_BATCH_SIZE,
  type PromptReader,
  type ReadPrompt,
  readPrompt,
  renderRequest,
} from "./prompt-reader.ts";

/** Greedy answers, a batch of prompts of like length at a time. */
export async function* generate(
  reader: PromptReader,
  requests: readonly GenerationRequest[],
  { batchSize = DEFAULT_BATCH_SIZE, signal }: GenerationOptions = {},
): AsyncIterable<Generation> {
  const { maximumPositions } = reader.network.decoder.config;
  const items = requests.map((request) => {
    const maximumLength = maximumPositions - answerCapacity(request.maximumNewTokens);
    return { request, prompt: readPrompt(reader, renderRequest(reader, request), request, maximumLength) };
  });
  for (const batch of batchesOf(items, checkBatchSize(batchSize))) {
    signal?.throwIfAborted();
    yield* await answer(reader, batch, Math.min(batchSize, powerOfTwo(batch.length)), signal);
  }
}

interface Item {
  readonly request: GenerationRequest;
  readonly prompt: ReadPrompt;
}

async function answer(
  reader: PromptReader,
  batch: readonly Item[],
  rows: number,
  signal?: AbortSignal,
): Promise<readonly Generation[]> {
  const { network, tokenizer, loadPixels } = reader;
  const prompts = batch.map(({ prompt }) => prompt);
  const length = Math.min(
    lengthBucket(Math.max(...prompts.map((prompt) => prompt.length))),
    network.decoder.config.maximumPositions,
  );
  const spliced = splice(prompts, { rows, length, patches: positionsPerImage(network) });
  const inputs = await inputTensors(spliced, network.vision?.tower.config, loadPixels);
  const answers = batch.map(({ request }) => pendingAnswer(request, tokenizer));
  try {
    await decodeGreedily(network, {
      prompts: inputs,
      promptLengths: Array.from({ length: rows }, (_, row) => prompts[row]?.length ?? 1),
      maximumNewTokens: Math.max(...batch.map(({ request }) => request.maximumNewTokens)),
      accept: (tokens) => {
        signal?.throwIfAborted();
        for (const [row, pending] of answers.entries()) pending.take(tokens[row] ?? tokenizer.endOfSequenceId);
        return answers.some((pending) => !pending.finished());
      },
    });
  } finally {
    disposeInputTensors(inputs);
  }
  return answers.map((pending, row) => ({ ...pending.result(), promptLength: prompts[row]?.length ?? 0 }));
}

interface PendingAnswer {
  /** Ignores tokens after the end: other rows may need more steps. */
  take(token: number): void;
  finished(): boolean;
  result(): Omit<Generation, "promptLength">;
}

function pendingAnswer({ id, maximumNewTokens, stop = [] }: GenerationRequest, tokenizer: Tokenizer): PendingAnswer {
  const tokens: number[] = [];
  let finish: Generation["finish"] | undefined = maximumNewTokens <= 0 ? "length" : undefined;
  return {
    take: (token) => {
      if (finish) return;
      if (token === tokenizer.endOfSequenceId) {
        finish = "end-of-sequence";
        return;
      }
      tokens.push(token);
      const text = stop.length > 0 ? tokenizer.decode(tokens) : "";
      if (stop.some((end) => text.includes(end))) finish = "stop";
      else if (tokens.length >= maximumNewTokens) finish = "length";
    },
    finished: () => finish !== undefined,
    result: () => ({ id, text: tokenizer.decode(tokens), finish: finish ?? "length" }),
  };
}

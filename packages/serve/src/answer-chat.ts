import { randomUUID } from "node:crypto";
import type { Generation, GenerationRequest } from "@mlan/core";
import { ApiError } from "./api-error.ts";
import type { Batcher } from "./batcher.ts";
import { promptOfChat, readChatBody } from "./chat-body.ts";
import { chatChunks, chatCompletion, type ResponseHead } from "./chat-completion.ts";
import type { ServeSettings } from "./serve-options.ts";
import { generationOf } from "./shared-fields.ts";

/** Where a response goes. */
export interface Reply {
  /** Aborted when nobody waits for the answer any more, with the error to answer if somebody does. */
  readonly signal: AbortSignal;
  json(body: object): void;
  /** Sends an event of a stream; the first begins the response. */
  event(body: object): void;
  endEvents(): void;
}

export interface ChatService {
  readonly batcher: Batcher;
  readonly settings: ServeSettings;
  readonly fingerprint: string;
}

/** Answers the body of `POST /v1/chat/completions`. Throws an {@link ApiError}, or what the model throws. */
export async function answerChat(
  { batcher, settings, fingerprint }: ChatService,
  given: unknown,
  reply: Reply,
): Promise<void> {
  const body = readChatBody(given);
  checkModel(body.model, settings);
  const id = `chatcmpl-${randomUUID()}`;
  const head: ResponseHead = {
    id,
    created: Math.floor(Date.now() / 1000),
    model: settings.name,
    system_fingerprint: fingerprint,
  };
  const prompt = promptOfChat(body, settings.maximumImages);
  const maximumNewTokens = tokensOf(body.max_completion_tokens ?? body.max_tokens, settings);
  const chunks = chatChunks(head, body);
  const begun = new Set<number>();
  const begin = (choice: number): void => {
    if (!begun.has(choice)) reply.event(chunks.begin(choice));
    begun.add(choice);
  };
  const answers = await allAnswers(body.n ?? 1, batcher, settings, (choice) => {
    const request: GenerationRequest & { readonly signal: AbortSignal } = {
      id: `${id}-${choice}`,
      ...prompt,
      ...generationOf(body, choice),
      maximumNewTokens,
      ...(body.logprobs && { logProbabilities: body.top_logprobs ?? 0 }),
      signal: reply.signal,
    };
    if (body.stream !== true) return { request };
    return {
      request,
      onText(piece) {
        begin(choice);
        reply.event(chunks.text(choice, piece));
      },
    };
  });
  // An answer that was ended early is not passed off as a whole one.
  reply.signal.throwIfAborted();
  if (body.stream !== true) return reply.json(chatCompletion(head, body, answers));
  for (const [choice, answer] of answers.entries()) {
    begin(choice);
    reply.event(chunks.end(choice, answer));
  }
  if (body.stream_options?.include_usage === true) reply.event(chunks.usage(answers));
  reply.endEvents();
}

/** Throws an {@link ApiError} when too many wait already. */
async function allAnswers(
  count: number,
  batcher: Batcher,
  { maximumWaiting }: ServeSettings,
  jobOf: (choice: number) => Parameters<Batcher["answer"]>[0],
): Promise<readonly Generation[]> {
  if (batcher.size + count > maximumWaiting)
    throw new ApiError(
      429,
      `${batcher.size} answers are being waited for, and ${maximumWaiting} is the most. Try again later.`,
    );
  return Promise.all(Array.from({ length: count }, (_, choice) => batcher.answer(jobOf(choice))));
}

function checkModel(model: string, { name }: ServeSettings): void {
  if (model === name) return;
  const message = `there is no model ${JSON.stringify(model.slice(0, 100))}; this server has ${JSON.stringify(name)}.`;
  throw new ApiError(404, message, { param: "model", code: "model_not_found" });
}

function tokensOf(wanted: number | null | undefined, { maximumTokens }: ServeSettings): number {
  if (wanted == null || wanted <= maximumTokens) return wanted ?? maximumTokens;
  throw new ApiError(400, `max_completion_tokens is ${wanted}; this server generates up to ${maximumTokens}.`, {
    param: "max_completion_tokens",
  });
}

import type { Generation, GenerationRequest } from "@mlan/core";
import { type ChatBody, promptOfChat, readChatBody } from "./chat-body.ts";
import { chatChunks, chatCompletion } from "./chat-response.ts";
import type { Chunks, ResponseHead } from "./response-parts.ts";
import type { ServeSettings } from "./serve-options.ts";
import type { SharedBody } from "./shared-fields.ts";
import { readTextBody, type TextBody } from "./text-body.ts";
import { textChunks, textCompletion } from "./text-response.ts";

/** The differences between kinds of completions. */
export interface CompletionKind<Body extends SharedBody> {
  /** The beginning of response ids. */
  readonly prefix: string;
  /** Parses a body. Throws {@link ApiError} with the field's name. */
  read(body: unknown): Body;
  /** Returns the prompt, the images, and the number of most likely tokens to report per position. */
  ask(body: Body, settings: ServeSettings): Pick<GenerationRequest, "prompt" | "images" | "logProbabilities">;
  /** Returns the field for the maximum number of new tokens, and its value. */
  tokens(body: Body): readonly [field: string, tokens: number | null | undefined];
  whole(head: ResponseHead, body: Body, answers: readonly Generation[]): object;
  chunks(head: ResponseHead, body: Body): Chunks;
}

/** Completions at `/v1/chat/completions`. */
export const CHAT: CompletionKind<ChatBody> = {
  prefix: "chatcmpl",
  read: readChatBody,
  ask: (body, { maximumImages }) => ({
    ...promptOfChat(body, maximumImages),
    ...(body.logprobs && { logProbabilities: body.top_logprobs ?? 0 }),
  }),
  tokens: (body) =>
    body.max_completion_tokens == null
      ? ["max_tokens", body.max_tokens]
      : ["max_completion_tokens", body.max_completion_tokens],
  whole: chatCompletion,
  chunks: chatChunks,
};

/** Completions at `/v1/completions`. The model continues the prompt, which follows the begin-of-sequence token. */
export const TEXT: CompletionKind<TextBody> = {
  prefix: "cmpl",
  read: readTextBody,
  ask: ({ prompt, logprobs }) => ({
    prompt: { kind: "raw", text: prompt, beginOfSequence: true },
    images: [],
    ...(logprobs != null && { logProbabilities: logprobs }),
  }),
  tokens: (body) => ["max_tokens", body.max_tokens],
  whole: textCompletion,
  chunks: textChunks,
};

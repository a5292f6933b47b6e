import { beforeStop, type Generation, type TextPiece } from "@mlan/core";
import type { ChatBody } from "./chat-body.ts";
import { chatLogProbabilities } from "./log-probabilities.ts";
import { stopOf } from "./shared-fields.ts";

/** What all parts of one response have in common. */
export interface ResponseHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
}

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** The positions of the prompt, images included, count once for all choices. */
function usageOf(answers: readonly Generation[]): Usage {
  const prompt = answers[0]?.promptLength ?? 0;
  const completion = answers.reduce((sum, { newTokens = 0 }) => sum + newTokens, 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function finishReason({ finish }: Generation): "stop" | "length" {
  return finish === "length" ? "length" : "stop";
}

export function chatCompletion(head: ResponseHead, body: ChatBody, answers: readonly Generation[]): object {
  const choices = answers.map((answer, index) => ({
    index,
    message: { role: "assistant", content: beforeStop(answer.text, stopOf(body)), refusal: null },
    logprobs: body.logprobs ? chatLogProbabilities(answer.logProbabilities ?? []) : null,
    finish_reason: finishReason(answer),
  }));
  return { ...head, object: "chat.completion", choices, usage: usageOf(answers) };
}

/** The parts of a streamed response. */
export interface ChatChunks {
  begin(choice: number): object;
  text(choice: number, piece: TextPiece): object;
  end(choice: number, answer: Generation): object;
  usage(answers: readonly Generation[]): object;
}

export function chatChunks(head: ResponseHead, body: ChatBody): ChatChunks {
  const withUsage = body.stream_options?.include_usage === true;
  const chunk = (choices: readonly object[], usage: Usage | null = null): object => ({
    ...head,
    object: "chat.completion.chunk",
    choices,
    ...(withUsage && { usage }),
  });
  const choice = (index: number, delta: object, rest: object = {}): object =>
    chunk([{ index, delta, logprobs: null, finish_reason: null, ...rest }]);
  return {
    begin: (index) => choice(index, { role: "assistant", content: "" }),
    text: (index, { text, logProbabilities }) =>
      choice(index, { content: text }, logProbabilities && { logprobs: chatLogProbabilities(logProbabilities) }),
    end: (index, answer) => choice(index, {}, { finish_reason: finishReason(answer) }),
    usage: (answers) => chunk([], usageOf(answers)),
  };
}

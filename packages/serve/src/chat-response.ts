import { beforeStop, type Generation } from "@mlan/core";
import type { ChatBody } from "./chat-body.ts";
import { chatLogProbabilities } from "./log-probabilities.ts";
import { type Chunks, finishReason, type ResponseHead, type Usage, usageOf } from "./response-parts.ts";
import { stopOf } from "./shared-fields.ts";

export function chatCompletion(head: ResponseHead, body: ChatBody, answers: readonly Generation[]): object {
  const choices = answers.map((answer, index) => ({
    index,
    message: { role: "assistant", content: beforeStop(answer.text, stopOf(body)), refusal: null },
    logprobs: body.logprobs ? chatLogProbabilities(answer.logProbabilities ?? []) : null,
    finish_reason: finishReason(answer),
  }));
  return { ...head, object: "chat.completion", choices, usage: usageOf(answers) };
}

export function chatChunks(head: ResponseHead, body: ChatBody): Chunks {
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

import { beforeStop, type GeneratedToken, type Generation } from "@mlan/core";
import { type Chunks, finishReason, type ResponseHead, type Usage, usageOf } from "./response-parts.ts";
import { stopOf } from "./shared-fields.ts";
import type { TextBody } from "./text-body.ts";

/** Log-probabilities in the format of text completions: parallel lists. */
interface TextLogProbabilities {
  readonly tokens: readonly string[];
  readonly token_logprobs: readonly number[];
  readonly top_logprobs: readonly Readonly<Record<string, number>>[];
  /** Offset of each token's text in the answer, in code points. */
  readonly text_offset: readonly number[];
}

function textLogProbabilities(all: readonly GeneratedToken[], start: number): TextLogProbabilities {
  let offset = start;
  const offsets = all.map(({ text }) => (offset += lengthOf(text)) - lengthOf(text));
  return {
    tokens: all.map(({ text }) => text),
    token_logprobs: all.map(({ logProbability }) => logProbability),
    // The most likely of several tokens with the same text is kept.
    top_logprobs: all.map(({ likeliest }) =>
      Object.fromEntries(likeliest.toReversed().map(({ text, logProbability }) => [text, logProbability])),
    ),
    text_offset: offsets,
  };
}

function lengthOf(text: string): number {
  return [...text].length;
}

export function textCompletion(head: ResponseHead, body: TextBody, answers: readonly Generation[]): object {
  const choices = answers.map((answer, index) => ({
    index,
    text: beforeStop(answer.text, stopOf(body)),
    logprobs: body.logprobs == null ? null : textLogProbabilities(answer.logProbabilities ?? [], 0),
    finish_reason: finishReason(answer),
  }));
  return { ...head, object: "text_completion", choices, usage: usageOf(answers) };
}

export function textChunks(head: ResponseHead, body: TextBody): Chunks {
  const withUsage = body.stream_options?.include_usage === true;
  const lengths = new Map<number, number>();
  const chunk = (choices: readonly object[], usage: Usage | null = null): object => ({
    ...head,
    object: "text_completion",
    choices,
    ...(withUsage && { usage }),
  });
  return {
    text(index, { text, logProbabilities }) {
      const start = lengths.get(index) ?? 0;
      lengths.set(
        index,
        (logProbabilities ?? []).reduce((length, token) => length + lengthOf(token.text), start),
      );
      const logprobs = logProbabilities ? textLogProbabilities(logProbabilities, start) : null;
      return chunk([{ index, text, logprobs, finish_reason: null }]);
    },
    end: (index, answer) => chunk([{ index, text: "", logprobs: null, finish_reason: finishReason(answer) }]),
    usage: (answers) => chunk([], usageOf(answers)),
  };
}

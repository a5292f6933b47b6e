import type { Generation, TextPiece } from "@mlan/core";

/** Fields of every part of a response. */
export interface ResponseHead {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly system_fingerprint: string;
}

/** Creates the parts of a streamed response. */
export interface Chunks {
  /** Returns the part that precedes the text of a choice. Absent when there is none. */
  readonly begin?: (choice: number) => object;
  text(choice: number, piece: TextPiece): object;
  end(choice: number, answer: Generation): object;
  usage(answers: readonly Generation[]): object;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/**
 * Counts the tokens of the answers. The positions of the prompt, including image positions, count once for all choices.
 */
export function usageOf(answers: readonly Generation[]): Usage {
  const prompt = answers[0]?.promptLength ?? 0;
  const completion = answers.reduce((sum, { newTokens = 0 }) => sum + newTokens, 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

export function finishReason({ finish }: Generation): "stop" | "length" {
  return finish === "length" ? "length" : "stop";
}

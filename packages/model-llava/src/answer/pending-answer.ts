import type { Generation, GenerationRequest } from "@mlan/core";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** An answer that is being generated. */
export interface PendingAnswer {
  /** Says whether the answer goes on. Ignores tokens after the end: other rows may need more steps. */
  take(token: number, margin?: number): boolean;
  result(): Pick<Generation, "id" | "text" | "finish"> & {
    readonly tokens: readonly number[];
    readonly margins: readonly number[];
  };
}

export function pendingAnswer(
  { id, maximumNewTokens, stop = [] }: GenerationRequest,
  { endOfSequenceId, decode }: Tokenizer,
): PendingAnswer {
  const tokens: number[] = [];
  const margins: number[] = [];
  let finish: Generation["finish"] | undefined = maximumNewTokens <= 0 ? "length" : undefined;
  return {
    take(token, margin) {
      if (finish) return false;
      tokens.push(token);
      if (margin !== undefined) margins.push(margin);
      if (token === endOfSequenceId) finish = "end-of-sequence";
      else if (stop.length > 0 && includesAny(decode(tokens), stop)) finish = "stop";
      else if (tokens.length >= maximumNewTokens) finish = "length";
      return finish === undefined;
    },
    result: () => {
      const text = decode(finish === "end-of-sequence" ? tokens.slice(0, -1) : tokens);
      return { id, text, finish: finish ?? "length", tokens, margins };
    },
  };
}

function includesAny(text: string, stop: readonly string[]): boolean {
  return stop.some((end) => text.includes(end));
}

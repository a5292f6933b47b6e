import type { Generation, GenerationRequest } from "@mlan/core";
import { addedTokenId } from "../templates/segments.ts";
import type { Template } from "../templates/template.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** An answer that is being generated. */
export interface PendingAnswer {
  /**
   * Adds a token and returns whether the answer continues. Ignores tokens after the end, since other rows may need more
   * steps.
   */
  take(token: number, margin?: number): boolean;
  result(): Pick<Generation, "id" | "text" | "finish"> & {
    readonly tokens: readonly number[];
    readonly margins: readonly number[];
  };
}

/** Tokens that end an answer. Throws `invalid-checkpoint` when the tokenizer lacks the template's end token. */
export function answerEnds({ name, answerEnd }: Template, tokenizer: Tokenizer): ReadonlySet<number> {
  const own = answerEnd === undefined ? [] : [addedTokenId(answerEnd, tokenizer, name)];
  return new Set([tokenizer.endOfSequenceId, ...own]);
}

export function pendingAnswer(
  { id, maximumNewTokens, stop = [] }: GenerationRequest,
  { decode }: Tokenizer,
  ends: ReadonlySet<number>,
): PendingAnswer {
  const tokens: number[] = [];
  const margins: number[] = [];
  let finish: Generation["finish"] | undefined = maximumNewTokens <= 0 ? "length" : undefined;
  return {
    take(token, margin) {
      if (finish) return false;
      tokens.push(token);
      if (margin !== undefined) margins.push(margin);
      if (ends.has(token)) finish = "end-of-sequence";
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

import type { GeneratedToken, Generation, GenerationOptions, GenerationRequest } from "@mlan/core";
import type { NextToken } from "../network/decode-rows.ts";
import { addedTokenId } from "../templates/segments.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { InferenceModel } from "./tokenize-prompt.ts";
import { tokenChooser } from "./sampling/token-chooser.ts";
import { generatedToken, tokenText } from "./sampling/token-log-probabilities.ts";
import { textPieces } from "./settled-text.ts";

export interface PendingAnswer {
  /** Whether all logits of a position are needed: to choose the token or to report log-probabilities. */
  readonly readsLogits: boolean;
  /** Adds a token and returns it; returns undefined if the token ends the answer. */
  take(next: NextToken): number | undefined;
  result(): Omit<Generation, "promptLength" | "computedPositions" | "truncatedPositions">;
}

export interface AnswerContext {
  readonly tokenizer: Tokenizer;
  /** Ids of the tokens that end an answer, see {@link answerEnds}. */
  readonly ends: ReadonlySet<number>;
  readonly promptTokens: Iterable<number>;
  readonly onText?: GenerationOptions["onText"];
  readonly details: boolean;
}

/**
 * Returns the ids of the tokens that end an answer, according to tokenizer, template and checkpoint. Throws
 * `invalid-checkpoint` when the tokenizer lacks the template's end token.
 */
export function answerEnds({ template, tokenizer, endTokenIds }: InferenceModel): ReadonlySet<number> {
  const { name, answerEnd } = template;
  const own = answerEnd === undefined ? [] : [addedTokenId(answerEnd, tokenizer, name)];
  return new Set([tokenizer.endOfSequenceId, ...own, ...endTokenIds]);
}

export function pendingAnswer(request: GenerationRequest, context: AnswerContext): PendingAnswer {
  const { id, maximumNewTokens, stop = [], stopTokens = [], logProbabilities, signal } = request;
  const { tokenizer, ends, promptTokens, onText, details } = context;
  const { decode, decodeSettled } = tokenizer;
  const chooser = tokenChooser(request, promptTokens);
  const pieces = textPieces(stop);
  const textOf = logProbabilities === undefined ? undefined : tokenText(tokenizer);
  const tokens: number[] = [];
  const margins: number[] = [];
  const described: GeneratedToken[] = [];
  let reported = 0;
  let isText = true;
  let finish: Generation["finish"] | undefined = maximumNewTokens <= 0 ? "length" : undefined;

  const text = (): string => decode(isText ? tokens : tokens.slice(0, -1));
  const report = (): void => {
    if (!onText) return;
    const piece = finish ? pieces.rest(text()) : pieces.more(decodeSettled(tokens));
    const more = described.slice(reported);
    reported = described.length;
    if (piece !== "" || more.length > 0)
      onText({ id, text: piece, ...(more.length > 0 && { logProbabilities: more }) });
  };
  const add = ({ token: likeliest, margin, logits }: NextToken): number => {
    const token = chooser && logits ? chooser.choose(logits) : likeliest;
    tokens.push(token);
    if (margin !== undefined) margins.push(margin);
    if (textOf && logits) described.push(generatedToken(logits, token, logProbabilities ?? 0, textOf));
    isText = !ends.has(token) && !stopTokens.includes(token);
    if (ends.has(token)) finish = "end-of-sequence";
    else if (!isText || (stop.length > 0 && includesAny(decode(tokens), stop))) finish = "stop";
    else if (tokens.length >= maximumNewTokens) finish = "length";
    return token;
  };
  return {
    readsLogits: chooser !== undefined || logProbabilities !== undefined,
    take(next) {
      if (finish) return undefined;
      if (signal?.aborted) finish = "aborted";
      const token = finish ? undefined : add(next);
      report();
      return finish ? undefined : token;
    },
    result: () => ({
      id,
      text: text(),
      finish: finish ?? "length",
      newTokens: tokens.length,
      ...(chooser?.seed !== undefined && { seed: chooser.seed }),
      ...(textOf && { logProbabilities: described }),
      ...(details && { tokens, margins }),
    }),
  };
}

function includesAny(text: string, stop: readonly string[]): boolean {
  return stop.some((end) => text.includes(end));
}

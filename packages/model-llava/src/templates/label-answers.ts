import { counted } from "@mlan/core";
import { IGNORE_INDEX } from "../tokens.ts";
import type { LabelInput, Labels } from "./template.ts";

export interface AnswerBorders {
  /** Stands before every answer and nowhere else, e.g. ` ASSISTANT: `. */
  readonly answerMark: string;
  /** Stands behind every answer and nowhere else, e.g. `</s>`. */
  readonly answerEnd: string;
  /** What every round behind an answer begins with, e.g. `USER:`. */
  readonly roundStart: string;
}

/**
 * Learns answers and their ends, found by counting the tokens of rounds and of instructions (`preprocess_v1` of
 * LLaVA and of arXiv 2411.10557). When the counts do not add up to the whole, because a turn holds a border or
 * is empty, nothing of the conversation is learned.
 *
 * Later rounds are counted without what stands before them. The original then takes one token off, which fits
 * Llama's vocabulary; here it is what `roundStart` has fewer behind an answer's end: for Llama one, too.
 */
export function labelAnswers(input: LabelInput, { answerMark, answerEnd, roundStart }: AnswerBorders): Labels {
  const { text, ids, encode, tokenizer, maximumLength } = input;
  const begin = tokenizer.beginOfSequenceId === undefined ? 0 : 1;
  const tokensIn = (part: string): number => encode(part).length - begin;
  const lateRound = tokensIn(roundStart) - (tokensIn(answerEnd + roundStart) - 1);
  const labels = [...ids];
  // The original pads with <unk> and counts what is not padding, so a literal <unk> breaks the sum.
  const total = ids.reduce((count, id) => (id === tokenizer.unknownId ? count : count + 1), 0);
  // Everything before `position` is decided, the token there follows a begin or an end of sequence.
  let position = begin;
  labels.fill(IGNORE_INDEX, 0, 1);
  for (const [index, round] of text.split(answerEnd).entries()) {
    if (round === "") break;
    const [instruction, answer, ...more] = round.split(answerMark);
    if (instruction === undefined || answer === undefined || more.length > 0) break;
    const count = (part: string): number => tokensIn(part) - (index === 0 ? 0 : lateRound);
    // The mark ends in a space, alone a token; in the whole it belongs to the answer's first token.
    labels.fill(IGNORE_INDEX, position, position + count(instruction + answerMark) - 1);
    position += count(round) + 1;
  }
  labels.fill(IGNORE_INDEX, position);
  if (position >= maximumLength || position === total) return { labels };
  labels.fill(IGNORE_INDEX);
  return { labels, problem: `its rounds have ${counted(position, "token")}, the whole has ${total}` };
}

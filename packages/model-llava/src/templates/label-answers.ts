import { counted } from "@mlan/core";
import { IGNORE_INDEX } from "../tokens.ts";
import type { LabelInput, Labels } from "./template.ts";

export interface AnswerBorders {
  /** The text before every answer, e.g. ` ASSISTANT: `. It must not occur anywhere else. */
  readonly answerMark: string;
  /** The text after every answer, e.g. `</s>`. It must not occur anywhere else. */
  readonly answerEnd: string;
  /** The start of every round after the first, e.g. `USER:`. */
  readonly roundStart: string;
}

/**
 * Labels answers and their ends, like `preprocess_v1` of LLaVA and of arXiv 2411.10557. Answers are located by counting
 * the tokens of rounds and instructions. If the counts do not add up to all tokens, because a turn is empty or contains
 * a separator, nothing is supervised. A separately encoded round may have more tokens at its start than after an
 * answer's end. The original code subtracts one token for this, which is right for Llama's vocabulary; this function
 * subtracts the actual difference.
 */
export function labelAnswers(input: LabelInput, { answerMark, answerEnd, roundStart }: AnswerBorders): Labels {
  const { text, ids, encode, tokenizer, maximumLength } = input;
  const begin = tokenizer.beginOfSequenceId === undefined ? 0 : 1;
  const tokensIn = (part: string): number => encode(part).length - begin;
  const lateRound = tokensIn(roundStart) - (tokensIn(answerEnd + roundStart) - 1);
  const labels = [...ids];
  // The original code pads with <unk> and counts all other tokens, so an <unk> in the text makes the sum wrong.
  const total = ids.reduce((count, id) => (id === tokenizer.unknownId ? count : count + 1), 0);
  // Labels before `position` are final. The token at `position` follows a begin or an end of sequence.
  let position = begin;
  labels.fill(IGNORE_INDEX, 0, 1);
  for (const [index, round] of text.split(answerEnd).entries()) {
    if (round === "") break;
    const [instruction, answer, ...more] = round.split(answerMark);
    if (instruction === undefined || answer === undefined || more.length > 0) break;
    const count = (part: string): number => tokensIn(part) - (index === 0 ? 0 : lateRound);
    // The mark ends in a space. The space is a separate token here, but belongs to the answer's first token in the
    // whole text.
    labels.fill(IGNORE_INDEX, position, position + count(instruction + answerMark) - 1);
    position += count(round) + 1;
  }
  labels.fill(IGNORE_INDEX, position);
  if (position >= maximumLength || position === total) return { labels };
  labels.fill(IGNORE_INDEX);
  return { labels, problem: `its rounds have ${counted(position, "token")}, but the whole has ${total}` };
}

import { IGNORE_INDEX } from "../tokens.ts";
import type { LabelInput, Labels } from "./template.ts";

export interface AnswerBorders {
  /** Stands before every answer and nowhere else, e.g. ` ASSISTANT: `. */
  readonly answerMark: string;
  /** Stands behind every answer and nowhere else, e.g. `</s>`. */
  readonly answerEnd: string;
}

/**
 * Learns answers and their ends, found by counting the tokens of rounds and of instructions (`preprocess_v1` of
 * LLaVA and of arXiv 2411.10557). When the counts do not add up to the whole, because a turn holds a border or
 * is empty, nothing of the conversation is learned.
 *
 * The original counts later rounds without what stands before them and then takes one token off, which only
 * fits Llama's vocabulary. Here they are counted behind the end they follow: for Llama the same number.
 */
export function labelAnswers(input: LabelInput, { answerMark, answerEnd }: AnswerBorders): Labels {
  const { text, ids, encode, tokenizer, maximumLength } = input;
  const labels = [...ids];
  // The original pads with <unk> and counts what is not padding, so a literal <unk> breaks the sum.
  const total = ids.reduce((count, id) => (id === tokenizer.unknownId ? count : count + 1), 0);
  // Everything before `position` is decided, the token there follows a begin or an end of sequence.
  let position = 1;
  let problem: string | undefined;
  labels.fill(IGNORE_INDEX, 0, position);
  for (const [index, round] of text.split(answerEnd).entries()) {
    if (round === "") break;
    const [instruction, answer, ...more] = round.split(answerMark);
    if (instruction === undefined || answer === undefined || more.length > 0) {
      problem = borderProblem(more.length > 0, answerMark, answerEnd);
      break;
    }
    const count = (part: string): number =>
      index === 0 ? encode(part).length - 1 : encode(answerEnd + part).length - 2;
    // The mark ends in a space, alone a token; in the whole it belongs to the answer's first token.
    labels.fill(IGNORE_INDEX, position, position + count(instruction + answerMark) - 1);
    position += count(round) + 1;
  }
  labels.fill(IGNORE_INDEX, position);
  if (position >= maximumLength || position === total) return { labels };
  labels.fill(IGNORE_INDEX);
  return { labels, problem: problem ?? `its rounds have ${position} tokens, the whole has ${total}` };
}

function borderProblem(repeated: boolean, answerMark: string, answerEnd: string): string {
  return repeated
    ? `a turn contains ${JSON.stringify(answerMark)}`
    : `a turn is empty or contains ${JSON.stringify(answerEnd)}`;
}

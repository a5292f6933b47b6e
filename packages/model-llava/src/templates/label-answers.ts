import { IGNORE_INDEX } from "../tokens.ts";
import type { LabelInput, Labels } from "./template.ts";

export interface AnswerBorders {
  /** Stands before every answer and nowhere else, e.g. ` ASSISTANT: `. */
  readonly answerMark: string;
  /** Stands behind every answer and nowhere else, e.g. `</s>`. */
  readonly answerEnd: string;
}

/**
 * Learns answers and their ends, found by counting the tokens of rounds and of instructions for themselves
 * (`preprocess_v1` of LLaVA and of arXiv 2411.10557). When the counts do not add up to the whole, because a
 * turn holds a border or is empty, nothing of the conversation is learned.
 */
export function labelAnswers(input: LabelInput, { answerMark, answerEnd }: AnswerBorders): Labels {
  const { text, ids, encode, tokenizer, maximumLength } = input;
  const labels = [...ids];
  // The original pads with <unk> and counts what is not padding, so a literal <unk> breaks the sum.
  const total = ids.reduce((count, id) => (id === tokenizer.unknownId ? count : count + 1), 0);
  labels.fill(IGNORE_INDEX, 0, 1);
  let position = 1;
  let problem: string | undefined;
  for (const [index, round] of text.split(answerEnd).entries()) {
    if (round === "") break;
    const [instruction, answer, ...more] = round.split(answerMark);
    if (instruction === undefined || answer === undefined || more.length > 0) {
      problem = borderProblem(more.length > 0, answerMark, answerEnd);
      break;
    }
    // A later round follows </s> directly; encoded for itself it has one token more, unless legacy adds it too.
    const extra = index > 0 && !tokenizer.legacy ? 1 : 0;
    // The instruction counts the begin-of-sequence token and a lone space, which the whole has in the answer.
    const instructionLength = encode(instruction + answerMark).length - 2 - extra;
    labels.fill(IGNORE_INDEX, position, position + instructionLength);
    // The round counts the begin-of-sequence token and lacks the end: that cancels.
    position += encode(round).length - extra;
  }
  labels.fill(IGNORE_INDEX, position);
  if (position >= maximumLength || position === total) return { labels };
  labels.fill(IGNORE_INDEX);
  return { labels, problem: problem ?? `its rounds have ${position} tokens, the whole has ${total}` };
}

function borderProblem(repeated: boolean, answerMark: string, answerEnd: string): string {
  return repeated
    ? `a turn contains ${JSON.stringify(answerMark)}`
    : `an answer is empty or a turn contains ${JSON.stringify(answerEnd)}`;
}

import { stripAsPython } from "@mlan/core";
import { withoutPunctuation } from "@mlan/data-kit";

/** The published question without the sentences that tell how to answer: each protocol has its own. */
export function withoutInstruction(question: string): string {
  return INSTRUCTIONS.reduce((text, instruction) => text.replaceAll(instruction, ""), question);
}

/** With "..." behind it, where it does not end in ASCII punctuation. */
export function ended(question: string): string {
  const last = stripAsPython(question).slice(-1);
  return last !== "" && withoutPunctuation(last) === "" ? question : `${question}...`;
}

/** Whether the published question has options, and says so. */
export function asksForLetter(question: string): boolean {
  return question.includes(LETTER);
}

const LETTER = "Please answer directly with only the letter of the correct option and nothing else.";
const INSTRUCTIONS = [LETTER, "Please answer directly with a single word or number."];

import { stripAsPython } from "@mlan/core";
import { withoutPunctuation } from "@mlan/data-kit";

/** Returns the published question without its instruction on how to answer. Each protocol adds its own instruction. */
export function withoutInstruction(question: string): string {
  return INSTRUCTIONS.reduce((text, instruction) => text.replaceAll(instruction, ""), question);
}

/** Appends "..." to the question unless it ends in ASCII punctuation. */
export function ended(question: string): string {
  const last = stripAsPython(question).slice(-1);
  return last !== "" && withoutPunctuation(last) === "" ? question : `${question}...`;
}

/** Whether the published question asks for the letter of an option. */
export function asksForLetter(question: string): boolean {
  return question.includes(LETTER);
}

const LETTER = "Please answer directly with only the letter of the correct option and nothing else.";
const INSTRUCTIONS = [LETTER, "Please answer directly with a single word or number."];

import type { Choice } from "@mlan/core";
import { strip, WHITE_SPACE } from "@mlan/data-kit";
import type { QuestionParts } from "./paper-parts.ts";
import { ended, withoutInstruction } from "./question-text.ts";

/**
 * The question and its options: every line of a letter, a period and text is an option under that letter. A question
 * that has only one such line has no options, and of lines with one letter the first counts.
 */
export function strictParts(published: string): QuestionParts {
  const lines = withoutInstruction(published)
    .split("\n")
    .map(strip)
    .filter((line) => line !== "");
  const [first = "", ...others] = lines;
  const choices = new Map<string, Choice>();
  const rest: string[] = [first];
  for (const line of others) {
    const [, label, text] = OPTION.exec(line) ?? [];
    if (label === undefined || text === undefined || choices.has(label)) rest.push(line);
    else choices.set(label, { label, text });
  }
  return choices.size > 1
    ? { question: ended(rest.join("\n")), choices: [...choices.values()] }
    : { question: ended(lines.join("\n")), choices: [] };
}

const OPTION = new RegExp(`^([A-Z])\\.[${WHITE_SPACE}]+(.+)$`, "s");

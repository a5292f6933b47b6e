import { MlanError } from "@mlan/core";
import { strictChoice } from "@mlan/data-kit";
import type { QuestionParts } from "./paper-parts.ts";
import { asksForLetter } from "./question-text.ts";
import type { RealworldqaQuestion } from "./realworldqa.ts";
import { strictParts } from "./strict-parts.ts";

/** A question that can be scored: its answer is one of its options, or it has no options. */
export interface StrictQuestion extends QuestionParts {
  readonly target: string;
}

/**
 * Returns the question with its options. If there are options, `target` becomes the label of the published answer.
 * Throws `invalid-data`, with the question's id, if not all options can be read or the answer is not one of them.
 */
export function strictQuestion({ id, question, target }: RealworldqaQuestion): StrictQuestion {
  const parts = strictParts(question);
  const labels = parts.choices.map(({ label }) => label);
  const invalid = (problem: string): MlanError =>
    new MlanError(
      "invalid-data",
      `data-realworldqa: question ${id}: ${problem}. Write each option on its own line, such as "B. Middle", or remove the ` +
        `row. The question is ${JSON.stringify(shortened(question))}.`,
    );
  if (labels.length === 0) {
    if (asksForLetter(question)) throw invalid(`it asks for a letter, but has no options that can be read`);
    if (isLetterOf(target, question))
      throw invalid(`its answer is the letter ${JSON.stringify(target)}, but it has no options that can be read`);
    return { ...parts, target };
  }
  if (labels.some((label, index) => index > 0 && label.charCodeAt(0) !== (labels[index - 1] ?? "").charCodeAt(0) + 1))
    throw invalid(`its options are ${labels.join(", ")}, with a gap`);
  const label = strictChoice.extract(target, parts.choices);
  if (label !== undefined) return { ...parts, target: label };
  throw invalid(`its answer ${JSON.stringify(shortened(target))} is not one of its options ${labels.join(", ")}`);
}

/** Whether the answer is a capital letter that is a label in the question. "A" without a mark may be an article. */
function isLetterOf(target: string, question: string): boolean {
  const label = /^[\s([]*([A-Z])[\s.):\]]*$/.exec(target)?.[1];
  if (label === undefined) return false;
  const behind = label === "A" ? "[.):\\]]" : "(?![\\p{L}\\p{N}'’])";
  return new RegExp(`(?<![\\p{L}\\p{N}'’])${label}${behind}`, "u").test(question);
}

function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}

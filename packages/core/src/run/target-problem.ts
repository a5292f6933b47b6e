import type { Protocol, Question } from "../contracts/benchmark.ts";
import { shownValue } from "../errors.ts";

/**
 * Describes why no answer to a question can be correct. Undefined when an answer can be correct, and for a protocol
 * with `allowsUnanswerable`.
 */
export function targetProblem(protocol: Protocol, question: Question): string | undefined {
  const choices = protocol.choices(question);
  const target: unknown = protocol.target ? protocol.target(question) : question.target;
  if (protocol.allowsUnanswerable) return undefined;
  if (typeof target !== "string") return `its target is ${shownValue(target)}, not a string; write it as a string.`;
  if (target === "") return "its target is empty, so no answer is correct; write the correct answer.";
  const { isCorrect, name, needsChoices } = protocol.extractor();
  if (choices.length === 0) {
    if (!needsChoices) return undefined;
    return `it has no choices, and the extractor ${shownValue(name)} reads only choices; add them, or use another extractor.`;
  }
  const labels = choices.map(({ label }) => label);
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice !== undefined) return `two of its choices are labeled ${shownValue(twice)}; give each its own label.`;
  const answers = choices.flatMap(({ label, text }) => [label, text]);
  if (answers.some((answer) => answer === target || isCorrect(answer, target))) return undefined;
  const shown = labels.map(shownValue).join(", ");
  return `its target ${shownValue(target)} is not among its choices ${shown}, so no answer is correct; fix the target or the choices.`;
}

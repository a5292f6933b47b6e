import { stripAsPython } from "@mlan/core";
import type { Choice } from "@mlan/core";
import { optionLines, optionsWithin, type Read } from "./read-options.ts";
import type { QuestionParts } from "./paper-parts.ts";
import { ended, withoutInstruction } from "./question-text.ts";

/**
 * Splits the published text into question and options with their letters: one option per line, or all options within a
 * line. If only one option is found, the question has no options. If several lines have the same letter, the first is
 * the option.
 */
export function strictParts(published: string): QuestionParts {
  const lines = withoutInstruction(published)
    .split("\n")
    .map(stripAsPython)
    .filter((line) => line !== "");
  const { rest, choices } = read(lines);
  return { question: ended(rest.join("\n")), choices };
}

function read(lines: readonly string[]): Read {
  const [byLine, within] = [optionLines(lines), optionsWithin(lines)];
  if (byLine.choices.length > 1 || within.choices.length > 1)
    return within.choices.length > byLine.choices.length ? within : byLine;
  return { rest: lines, choices: [] as readonly Choice[] };
}

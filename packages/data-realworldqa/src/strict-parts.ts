import { stripAsPython } from "@mlan/core";
import type { Choice } from "@mlan/core";
import { optionLines, optionsWithin, type Read } from "./read-options.ts";
import type { QuestionParts } from "./paper-parts.ts";
import { ended, withoutInstruction } from "./question-text.ts";

/**
 * The question and its options, each under its own letter: one to a line, or all within a line. A question in which only
 * one stands has none, and of lines with one letter the first counts.
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

import { PYTHON_WHITE_SPACE } from "@mlan/core";
import type { Choice } from "@mlan/core";
import { lettered } from "@mlan/data-kit";
import { ended, withoutInstruction } from "./question-text.ts";

export interface QuestionParts {
  readonly question: string;
  readonly choices: readonly Choice[];
}

/**
 * The question and its options as the original code finds them: the first line, and whatever stands between "A.", "B."
 * or "C." and the last white space of that line, its newline included. A fourth option is lost; an option at the very
 * end of the text loses its last word. Labels are given anew by position, and only three are offered: the original
 * fails with an index error at an answer that equals a later match, which stays as it is here. So it does at an empty
 * first line, which becomes "..." here.
 */
export function paperParts(published: string): QuestionParts {
  const text = withoutInstruction(published);
  const [first = ""] = text.split("\n");
  const options = [...text.matchAll(OPTION)].map(([, option = ""]) => option);
  return { question: ended(first), choices: lettered(options.slice(0, 3)) };
}

/** Python's `[ABC]\.\s(.+)\s`, whose dot excludes the line feed alone. */
const OPTION = new RegExp(`[ABC]\\.[${PYTHON_WHITE_SPACE}]([^\\n]+)[${PYTHON_WHITE_SPACE}]`, "g");

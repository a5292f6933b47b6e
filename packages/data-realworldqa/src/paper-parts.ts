import { PYTHON_WHITE_SPACE } from "@mlan/core";
import type { Choice } from "@mlan/core";
import { lettered } from "@mlan/data-kit";
import { ended, withoutInstruction } from "./question-text.ts";

export interface QuestionParts {
  readonly question: string;
  readonly choices: readonly Choice[];
}

/**
 * Splits the published text into question and options as the original code does. The question is the first line. An
 * option is the text between "A.", "B." or "C." and the last whitespace of its line, which may be the newline. A
 * fourth option is lost, and an option at the very end of the text loses its last word. Options are relabeled by
 * position, and only three are offered. The original code fails on an answer that equals a later match, and on an empty
 * first line; here the answer stays unchanged, and the question becomes "...".
 */
export function paperParts(published: string): QuestionParts {
  const text = withoutInstruction(published);
  const [first = ""] = text.split("\n");
  const options = [...text.matchAll(OPTION)].map(([, option = ""]) => option);
  return { question: ended(first), choices: lettered(options.slice(0, 3)) };
}

/** Matches Python's `[ABC]\.\s(.+)\s`, whose dot matches everything except a line feed. */
const OPTION = new RegExp(`[ABC]\\.[${PYTHON_WHITE_SPACE}]([^\\n]+)[${PYTHON_WHITE_SPACE}]`, "g");

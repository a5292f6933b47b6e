import type { Extractor } from "@mlan/core";
import { shortAnswer } from "./short-answer.ts";

/**
 * The `strict` reading of free answers: the whole first line, as {@link shortAnswer} writes it, must be the target,
 * written in the same way. Articles, plurals and synonyms are not forgiven.
 */
export const strictShortAnswer: Extractor = {
  name: "strict",
  version: 1,
  // Not the newline: an answer may begin with one. Nor other punctuation: answers such as "3.5" hold it.
  stop: ['"', "User:", "USER:"],
  extract: (answer) => shortAnswer(answer) || undefined,
  isCorrect: (extracted, target) => shortAnswer(extracted) === shortAnswer(target),
};

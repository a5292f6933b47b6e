import type { Extractor } from "@mlan/core";
import { yesNo } from "./yes-no.ts";

/** The `strict` reading of yes/no questions: the answer's first line, trimmed, must be yes, no, true or false. */
export const strictYesNo: Extractor = {
  name: "strict",
  version: 2,
  // Not the newline: an answer may begin with one, so `yesNo` cuts there after trimming.
  stop: ["User:", '"', ":", ",", "."],
  extract: (answer) => yesNo(answer),
  isCorrect: (extracted, target) => extracted === target,
};

import { anyOf, lettered, strictAnswer, strictChoice, strictShortAnswer } from "@mlan/data-kit";
import { describe, expect, test } from "vitest";

const choices = lettered(["a cat", "a dog"]);

describe("an answer to a benchmark with questions of both kinds", () => {
  test("is read as a choice where there are choices, and else as a short answer", () => {
    for (const answer of ["B", "(b) a dog", "a dog", "A dog", "a bird", "", "seven", " 3.5 kg."]) {
      expect(strictAnswer.extract(answer, choices), answer).toBe(strictChoice.extract(answer, choices));
      expect(strictAnswer.extract(answer, []), answer).toBe(strictShortAnswer.extract(answer, []));
    }
  });

  // prettier-ignore
  test.each<[string, string, boolean]>([
    ["B",     "B",                        true],
    ["A",     "B",                        false],
    ["7",     "Seven",                    true],
    ["24/7",  anyOf(["24/7", "3.429"]),   true],
    ["3.429", anyOf(["24/7", "3.429"]),   true],
    ["3.43",  anyOf(["24/7", "3.429"]),   false],
    ["24/7 3.429", anyOf(["24/7", "3.429"]), false],
    ["",      anyOf(["a", "", " "]),      false],
    ["a b",   anyOf(["a\n b"]),           true],
    ["a",     anyOf(["a\n b"]),           false],
  ])("%j is judged by the target %j", (extracted, target, isCorrect) => {
    expect(strictAnswer.isCorrect(extracted, target)).toBe(isCorrect);
  });

  test("no target is made of no answers", () => expect(anyOf(["", " "])).toBe(""));
});

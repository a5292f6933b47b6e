import { stripAsPython } from "@mlan/core";
import {
  capitalize,
  digitToNumber,
  exactMatch,
  firstMention,
  textBefore,
  lettered,
  mapByText,
  mapByWords,
  strictChoice,
  strictShortAnswer,
  strictYesNo,
  trueFalse,
  yesNoChoices,
} from "@mlan/data-kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const SEEDS = [
  "A",
  "b",
  "yes",
  "No",
  " ",
  "\n",
  "\0",
  ".",
  ",",
  '"',
  "(",
  ")",
  "-",
  "'",
  "’",
  "\u0301",
  "\u200d",
  "\ud800",
  "\udc00",
  "İ",
  "ŉ",
  "Σ",
  "1",
  "-1",
  "1.",
  "A ",
  "A is ",
  "(A",
  "User:",
  "steam ",
  "\u3000",
  "\ufeff",
  "日",
  "😀",
  "a.b",
  "</s>",
];
const LONG = [" ", "a", "A is ", "\ud800"];
const CHOICES = [lettered(["ice", "steam", "a cat", ""]), lettered([".*", "(a+)+$", "[", "A"]), yesNoChoices, []];

/** All extractors of the nine benchmarks, and the functions that they consist of. */
const readings: Readonly<Record<string, (answer: string) => unknown>> = {
  strict: (answer) => CHOICES.map((choices) => strictChoice.extract(answer, choices)),
  "strict yes/no": (answer) => strictYesNo.extract(answer, []),
  "strict short": (answer) => strictShortAnswer.isCorrect(strictShortAnswer.extract(answer, []) ?? "", answer),
  "first-mention": (answer) => CHOICES.map((choices) => firstMention.extract(answer, choices)),
  "by words": (answer) => CHOICES.map((choices) => mapByWords(answer, choices, { cleanTwice: true })),
  "by text": (answer) =>
    CHOICES.map((choices) => mapByText(textBefore(answer, '.,:"\n\r'), choices, { ignorePunctuation: true })),
  vision: (answer) => stripAsPython(digitToNumber(trueFalse(textBefore(answer, '.,:"')))),
  equal: (answer) => exactMatch(answer, `${answer}\0`, { ignoreCase: true, ignorePunctuation: true }),
  capitals: (answer) => capitalize(answer),
};

describe.each(Object.entries(readings))("%s reads hostile answers", (_, read) => {
  test("of every sort, repeated and joined, and throws at none", () => {
    for (const one of SEEDS) {
      for (const other of SEEDS) read(one.repeat(9) + other.repeat(9));
      read(`${one.repeat(500)}!`);
      read(`x${one.repeat(500)}`);
    }
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (answer) => void read(answer)),
      { numRuns: 100 },
    );
  });

  // Quadratic time would take minutes for each of these.
  test.each(LONG)("of 300,000 characters: %j, over and over", { timeout: 60_000 }, (seed) => {
    expect(() => read(`x${seed.repeat(300_000 / seed.length)}!`)).not.toThrow();
  });
});

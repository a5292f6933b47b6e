import type { Choice } from "@mlan/core";
import { normalizedWords } from "#internal/answers/strict-extractors.ts";
import { firstMention, languageExtractor, lettered, mapByWords, strictChoice } from "@mlan/data-kit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

describe("the original language harness", () => {
  // Recipe A.5, answermapping, executed.
  // prettier-ignore
  test.each([
    ["A",                         "A"],
    ["the plants are sprouting",  "A"],
    ["The sun",                   "C"],
    ["sun",                       "D"],
    [" A",                        " A"],
    ["a",                         "a"],
    ["moon",                      "moon"],
  ])("reads %j as %j", (answer, read) => {
    expect(mapByWords(answer, lettered(["plants sprouting", "fire in a fireplace", "the sun", "sun"]))).toBe(read);
  });

  // Recipe A.5, answermapping_hellaswag, executed.
  // prettier-ignore
  test.each([
    ["C",                 "C"],
    ["bakes it",          "C"],
    ["eats and runs away", "A"],
  ])("reads %j as %j where a choice is empty", (answer, read) => {
    expect(mapByWords(answer, lettered(["runs away.", "eats.", "bakes it.", ""]))).toBe(read);
  });

  test("compares Python's word characters: combining accents and JavaScript's white space are ignored", () => {
    expect(mapByWords("cafe", lettered(["cafe\u0301"]))).toBe("A");
    expect(mapByWords("café", lettered(["cafe\u0301"]))).toBe("café");
    expect(mapByWords("a\x1cb", lettered(["b"]))).toBe("A");
    expect(mapByWords("a\ufeffb", lettered(["b"]))).toBe("a\ufeffb");
    expect(mapByWords("up_to", lettered(["up-to", "up_to"]))).toBe("B");
    expect(mapByWords("½ cup", lettered(["½"]))).toBe("A");
  });

  test("cleans an answer twice if the task does, which loses the dot of a capital İ", () => {
    expect(mapByWords("İzmir", lettered(["İzmir"]))).toBe("A");
    expect(mapByWords("İzmir", lettered(["İzmir"]), { cleanTwice: true })).toBe("İzmir");
    expect(mapByWords("İzmir", lettered(["izmir"]), { cleanTwice: true })).toBe("A");
  });

  test("agrees with the filter's own arithmetic of shares", () => {
    const words = fc.array(fc.constantFrom("the", "The", "sun", "sun.", "a", "-", "ice", "ICE!", "A", "é", "_", ""), {
      maxLength: 5,
    });
    const text = fc.tuple(words, fc.constantFrom(" ", "  ", "\n", "\u3000")).map(([parts, space]) => parts.join(space));
    fc.assert(
      fc.property(text, fc.array(text, { minLength: 1, maxLength: 5 }), (answer, texts) => {
        expect(mapByWords(answer, lettered(texts))).toBe(shareOfWords(answer, lettered(texts)));
      }),
      { numRuns: 500 },
    );
  });

  /**
   * The rule of the original harness, step by step: the choice with the largest share of words that occur in the
   * answer; the first of several equal ones.
   */
  function shareOfWords(answer: string, choices: readonly Choice[]): string {
    for (const { label } of choices) if (answer === label) return answer;
    const words = (dirty: string): string[] => {
      let clean = "";
      for (const character of dirty) if (/[\p{L}\p{N}_\s]/u.test(character)) clean += character;
      const list = clean.trim().toLowerCase().split(/\s+/);
      return list.filter((word, index) => word !== "" && list.indexOf(word) === index);
    };
    let best = 0;
    let bestLabel = "";
    for (const { label, text } of choices) {
      let common = 0;
      for (const word of words(text)) if (words(answer).includes(word)) common += 1;
      const score = words(text).length === 0 ? 0 : common / words(text).length;
      if (score > best) [best, bestLabel] = [score, label];
    }
    return best >= 1 ? bestLabel : answer;
  }

  test("ends an answer at the five strings of its tasks and at the end of the sequence", () => {
    expect([...languageExtractor(String).stop].toSorted()).toEqual(['"', ",", ".", ":", "</s>", "User:"].toSorted());
  });
});

describe("the strict reading of choices", () => {
  const steam = lettered(["ice", "steam", "a cat", "eats."]);
  // Q1: options whose texts are letters.
  const letters = lettered(["C", "A", "B", "none"]);
  const numbers = lettered(["5", "-5", "3.5", "3/5"]);
  const quotes = lettered(['say "yes"', 'say "no"', 'shout "no"', '"hush"']);
  const symbols = lettered(["+", "-", "x", "X"]);

  // prettier-ignore
  test.each([
    // Labels, trimmed, in any case (Q10, Q11).
    [steam,   "B",                    "B"],
    [steam,   "b",                    "B"],
    [steam,   " B \n",                "B"],
    [steam,   "\nB\nbecause",         "B"],
    [steam,   "(B)",                  "B"],
    [steam,   "B.",                   "B"],
    [steam,   "b)",                   "B"],
    [letters, "A",                    "A"],
    [letters, "a",                    "A"],
    [letters, "D",                    "D"],
    [letters, "none",                 "D"],
    // Texts, all of them and nothing else (Q12).
    [steam,   " Steam.\nIt is hot",   "B"],
    [steam,   "A cat",                "C"],
    [steam,   "eats",                 "D"],
    [steam,   "eats and runs away",   undefined],
    [steam,   "steam or ice",         undefined],
    [steam,   "ste",                  undefined],
    // Labels with text behind them.
    [steam,   "B: steam",             "B"],
    [steam,   "(b) hot steam",        "B"],
    [steam,   "A dog",                undefined],
    [steam,   "B or A",               undefined],
    [steam,   "E",                    undefined],
    [steam,   "E: ice",               undefined],
    // Never a guess between two.
    [numbers, "-5",                   "B"],
    [numbers, "5.",                   "A"],
    [numbers, "−5",                   "B"],
    [numbers, "3.5",                  "C"],
    [numbers, "3 / 5",                undefined],
    [symbols, "-",                    "B"],
    [symbols, "x",                    undefined],
    [lettered(["ice", "ice"]), "ice", undefined],
    [lettered(["", "ice"]), "",       undefined],
    // An answer ends at a quotation mark, wherever the choice goes on.
    [quotes,  "shout",                "C"],
    [quotes,  "say",                  undefined],
    [quotes,  "",                     undefined],
    [[],      "A",                    undefined],
  ])("of %j reads %j as %j", (choices, answer, read) => {
    expect(strictChoice.extract(answer, choices)).toBe(read);
  });

  test("reads published labels that are not letters", () => {
    const choices = [
      { label: "1", text: "ice" },
      { label: "2", text: "steam" },
    ];
    expect(["2", "(1)", "steam"].map((answer) => strictChoice.extract(answer, choices))).toEqual(["2", "1", "2"]);
  });

  test("returns one of the labels, whatever the answer", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.array(fc.string(), { maxLength: 5 }), (answer, texts) => {
        for (const extractor of [strictChoice, firstMention]) {
          const read = extractor.extract(answer, lettered(texts));
          if (read !== undefined) expect(lettered(texts).map(({ label }) => label)).toContain(read);
        }
      }),
    );
  });

  test("reads every separate label and text, with any case and white space", () => {
    const texts = fc.uniqueArray(fc.string({ unit: fc.constantFrom(..."abcdefgh"), minLength: 2 }), {
      minLength: 2,
      maxLength: 5,
    });
    const space = fc.string({ unit: fc.constantFrom(..." \t\n") });
    const picked = texts.chain((all) => fc.tuple(fc.constant(lettered(all)), fc.nat(all.length - 1)));
    fc.assert(
      fc.property(
        picked,
        space,
        space,
        fc.boolean(),
        fc.boolean(),
        ([choices, index], before, after, large, asText) => {
          const { label, text } = choices[index] ?? { label: "", text: "" };
          const answer = asText ? text : label;
          const written = `${before}${large ? answer.toUpperCase() : answer.toLowerCase()}${after}`;
          expect(strictChoice.extract(written, choices)).toBe(label);
        },
      ),
    );
  });

  test("judges without regard to case", () => {
    expect(strictChoice.isCorrect("b", "B")).toBe(true);
    expect(strictChoice.isCorrect("A", "B")).toBe(false);
  });
});

describe("the first mention", () => {
  const steam = lettered(["ice", "steam", "a cat", "water"]);

  // prettier-ignore
  test.each([
    [steam, "B",                                   "B"],
    [steam, "The answer is (B), because",          "B"],
    [steam, "I think it is ice or steam",          "A"],
    [steam, "Not a cat but water",                 "C"],
    [steam, "A cat",                               "C"],
    [steam, "A dog likes B",                       "B"],
    [steam, "It's D'Artagnan's steam",             "B"],
    [steam, "iced steamers",                       undefined],
    [steam, "b",                                   "B"],
    [steam, "(b)",                                 "B"],
    [steam, 'b". And so on',                       "B"],
    [steam, "I would say (b), steam",              "B"],
    [steam, "vitamin b",                           undefined],
    [steam, "A is correct, not B",                 "A"],
    [steam, "Choice A fits; B does not",           "A"],
    [steam, "The answer is A because B is wrong",  "A"],
    [steam, "It is A rather than B",               "A"],
    [steam, "Well. A dog, so B",                   "B"],
    [lettered(["+", "-"]), "-",                    "B"],
    [steam, "",                                    undefined],
    [[],    "A",                                   undefined],
    [lettered(["C", "A", "B", "none"]), "A",       "A"],
    [lettered(["C", "A", "B", "none"]), "(C",      "C"],
    [lettered(["red", "red bus"]), "a red bus",    "B"],
    [[{ label: "(1*", text: "ice" }], "it is (1*", "(1*"],
  ])("of %j in %j is %j", (choices, answer, read) => {
    expect(firstMention.extract(answer, choices)).toBe(read);
  });
});

// prettier-ignore
test.each([
  ["  It's  the SUN! ",     "its the sun"],
  ["well-known 20-30 °C",   "well known 20 30 c"],
  ["-5, −5 (3.5) 1,000. 7.", "-5 -5 3.5 1,000 7"],
  ["e\u0301te\u0301",       "e\u0301te\u0301"],
  ["?!",                    ""],
])("takes %j for %j", (text, words) => expect(normalizedWords(text)).toBe(words));

test("first-mention reads everything that strict reads, with the same result", () => {
  const words = fc.constantFrom("A", "b", "(b)", "B.", "ice", "Steam", "a", "cat", "is", ",", '"', ":", "\n", "not");
  const answers = fc.array(words, { maxLength: 5 }).map((parts) => parts.join(" "));
  const choices = lettered(["ice", "steam", "a cat"]);
  fc.assert(
    fc.property(answers, (answer) => {
      const strict = strictChoice.extract(answer.split('"')[0] ?? "", choices);
      if (strict !== undefined) expect(firstMention.extract(answer, choices)).toBe(strict);
    }),
  );
});

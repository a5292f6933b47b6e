import { digitToNumber, lettered, mapByText, strictShortAnswer } from "@mlan/data-kit";
import fc from "fast-check";
import { expect, test } from "vitest";

// Recipe A.5, executed; AI2D forgives punctuation, ScienceQA and RealWorldQA do not.
// prettier-ignore
test.each([
  [["C", "A", "B", "none"],        "A",         true,  "B"],
  [["C", "A", "B", "none"],        "a",         true,  "B"],
  [["C", "A", "B", "none"],        "D",         true,  "D"],
  [["C", "A", "B", "none"],        "none",      true,  "D"],
  [["C", "A", "B", "none"],        "hawk.",     true,  "hawk."],
  [["ice", "steam"],               "ice",       false, "A"],
  [["ice", "steam"],               "Ice!",      false, "Ice!"],
  [["ice", "steam"],               "Ice!",      true,  "A"],
  [["ice", "steam"],               "A",         false, "A"],
  [["ice", "steam"],               "B ",        false, "B "],
  [["Left", "Straight", "Right"],  "left",      false, "A"],
  [["Left", "Straight", "Right"],  "Right",     false, "C"],
  [["Left", "Straight", "Right"],  "C",         false, "C"],
  [["Left", "Straight", "Right"],  "c",         false, "c"],
  [["Left", "Straight", "Right"],  "straight ", false, "B"],
  [["a cat.", "A cat"],            "a cat",     false, "A"],
])("of %j the original maps %j (without punctuation: %j) to %j", (texts, answer, ignorePunctuation, mapped) => {
  expect(mapByText(answer, lettered(texts), { ignorePunctuation })).toBe(mapped);
});

// Recipe A.5 and 3.3.
// prettier-ignore
test.each([
  ["Two",    "2"],
  ["none",   "0"],
  [" ZERO ", "0"],
  ["nine",   "9"],
  ["ten",    "ten"],
  ["twenty two", "twenty two"],
  ["7",      "7"],
  ["",       ""],
])("turns %j into %j", (answer, number) => expect(digitToNumber(answer)).toBe(number));

// Strict reads the first line (Q14), maps numbers on both sides, and "none" not at all (Q15).
// prettier-ignore
test.each([
  ["Two",              "2",        true],
  ["2",                "two",      true],
  ["ten",              "10",       true],
  ["none",             "0",        false],
  ["none",             "none",     true],
  [" Yes!\nIt is",     "yes",      true],
  ["\nno",             "no",       true],
  ["True",             "yes",      true],
  ["snow",             "no",       false],
  ["yes it is",        "yes",      false],
  ["T-shirt.",         "t-shirt",  true],
  ["3.5",              "35",       false],
  ["the cat",          "cat",      false],
])("strictly reads %j, and holds it for %j: %j", (answer, target, correct) => {
  const extracted = strictShortAnswer.extract(answer, []);
  expect(strictShortAnswer.isCorrect(extracted ?? "", target)).toBe(correct);
});

test("strictly reads nothing from an answer without text", () => {
  for (const answer of ["", " ", "\n\n \t"]) expect(strictShortAnswer.extract(answer, [])).toBeUndefined();
});

test("strictly holds any answer for right when the target is the same text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const extracted = strictShortAnswer.extract(text, []);
      expect(extracted === undefined || strictShortAnswer.isCorrect(extracted, text)).toBe(true);
    }),
  );
});

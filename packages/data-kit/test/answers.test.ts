import { stripAsPython } from "@mlan/core";
import { splitWords } from "#internal/answers/python-text.ts";
import { yesNo } from "#internal/answers/strict-extractors.ts";
import {
  accuracy,
  capitalize,
  exactMatch,
  textBefore,
  strictShortAnswer,
  strictYesNo,
  trueFalse,
  withoutPunctuation,
} from "@mlan/data-kit";
import fc from "fast-check";
import { expect, test } from "vitest";

// The Python of the original code, run on these: '\x1c', '\x1f', '\x85' are whitespace there, '\ufeff' is not.
test.each([
  ["  yes\n", "yes"],
  ["\x1c\x1f\x85yes\u3000", "yes"],
  ["\ufeffyes", "\ufeffyes"],
  ["\t \r\n", ""],
])("strips %j as Python does", (text, stripped) => expect(stripAsPython(text)).toBe(stripped));

test("splits at Python's white space only", () => {
  expect(splitWords(" a\x1db\u2028c\ufeffd ")).toEqual(["a", "b", "c\ufeffd"]);
});

// The results of Python's `str.capitalize`.
// prettier-ignore
test.each([
  ["then HE Runs", "Then he runs"],
  ["",             ""],
  ["1ABC",         "1abc"],
  [" hE",          " he"],
  ["ßtraSSE",      "Sstrasse"],
  ["ﬁNE",          "Fine"],
  ["AΣ",           "Aς"],
  ["ΣΑΣ",          "Σας"],
  ["İX",           "İx"],
  ["ŉABC",         "ʼNabc"],
  ["ǄA",           "ǅa"],
  ["ᾳΑ",           "ᾼα"],
  ["ა",            "ა"],
])("capitalizes %j to %j", (text, written) => expect(capitalize(text)).toBe(written));

test("strips a long run of inner white space in linear time", () => {
  const text = `a${" ".repeat(200_000)}b`;
  expect(stripAsPython(text)).toBe(text);
});

test("removes exactly Python's string.punctuation", () => {
  const ascii = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
  const removed = [...ascii].filter((character) => withoutPunctuation(character) === "").join("");
  expect(removed).toBe("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
  expect(withoutPunctuation("„yes“!")).toBe("„yes“");
});

// Recipe A.5, true_false_conversion, executed.
// prettier-ignore
test.each([
  ["True",  "yes"],
  ["FALSE", "no"],
  ["Yes",   "Yes"],
  [" true", " true"],
])("reads %j as %j", (answer, read) => expect(trueFalse(answer)).toBe(read));

// prettier-ignore
test.each([
  ["yes. It is",   "yes"],
  [" yes\nno",     "yes"],
  ["\nyes",        ""],
  ['"yes',         ""],
  ["no objection", "no objection"],
])("reads of %j the beginning %j", (answer, read) => expect(textBefore(answer, '.,:"\n\r')).toBe(read));

test("leads to a stripped prefix without any end character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (answer) => {
      const read = textBefore(answer, ".,\n");
      expect(answer).toContain(read);
      expect(read).toBe(stripAsPython(read));
      expect(/[.,\n]/.test(read)).toBe(false);
      expect(stripAsPython(answer).startsWith(read)).toBe(true);
    }),
  );
});

test("matches exactly, ignoring case and punctuation on request", () => {
  expect(exactMatch("Yes", "yes")).toBe(false);
  expect(exactMatch("Yes", "yes", { ignoreCase: true })).toBe(true);
  expect(exactMatch("Yes!", "yes", { ignoreCase: true })).toBe(false);
  expect(exactMatch("Yes!", "yes", { ignoreCase: true, ignorePunctuation: true })).toBe(true);
  expect(exactMatch("yes\0\0", "yes")).toBe(true);
  expect(exactMatch("yes\0!", "yes", { ignorePunctuation: true })).toBe(true);
  expect(exactMatch("\0yes", "yes")).toBe(false);
  expect(exactMatch(" yes", "yes", { ignoreCase: true, ignorePunctuation: true })).toBe(false);
});

// prettier-ignore
test.each([
  ["yes",            "yes"],
  [" Yes!\nbecause", "yes"],
  ["\n\nFALSE",      "no"],
  ["'true'",         "yes"],
  ["yes and no",     undefined],
  ["yesterday",      undefined],
  ["",               undefined],
])("strictly reads %j as %j", (answer, read) => expect(yesNo(answer)).toBe(read));

test("reads yes or no, whatever marks surround it on its line", () => {
  const around = fc.string({ unit: fc.constantFrom(..." \t.,!?'\"()") });
  fc.assert(
    fc.property(around, fc.constantFrom("yes", "no", "Yes", "NO"), around, fc.string(), (before, word, after, rest) => {
      expect(yesNo(`${before}${word}${after}\n${rest}`)).toBe(word.toLowerCase());
    }),
  );
});

test("the strict extractors of yes/no and of short answers agree", () => {
  const words = fc.constantFrom(
    "yes",
    "No",
    "true",
    "FALSE",
    "“yes”",
    "no’",
    "y.e.s",
    "not",
    "\n",
    ".",
    ",",
    "!",
    "-",
    "/",
    "1",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 3 }), fc.constantFrom("", " "), (parts, space) => {
      const answer = parts.join(space);
      const short = strictShortAnswer.extract(answer, []);
      expect(strictYesNo.extract(answer, [])).toBe(short === "yes" || short === "no" ? short : undefined);
    }),
  );
  expect(["“Yes.”", "no’", "y.e.s"].map((answer) => strictYesNo.extract(answer, []))).toEqual(["yes", "no", undefined]);
});

test("counts the share of correct answers", () => {
  const outcome = (correct: boolean) => ({ id: "", target: "", extracted: "", correct });
  expect(accuracy([true, false, true, true].map(outcome))).toBe(0.75);
  expect(accuracy([])).toBe(0);
});

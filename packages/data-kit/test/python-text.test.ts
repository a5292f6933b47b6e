import { stripAsPython, PYTHON_WHITE_SPACE } from "@mlan/core";
import { readFile } from "node:fs/promises";
import { splitWords, WORD_CHARACTERS } from "#internal/answers/python-text.ts";
import { capitalize } from "@mlan/data-kit";
import { expect, test } from "vitest";

type Ranges = readonly (readonly [number, number])[];

interface Expected {
  /** Code points that are assigned in Python's version of Unicode. */
  readonly assigned: Ranges;
  readonly space: Ranges;
  readonly spaceOfExpressions: Ranges;
  readonly stripped: Ranges;
  readonly splitting: Ranges;
  readonly word: Ranges;
  /** Lower case by hexadecimal code point, for characters whose lower case differs. */
  readonly lower: Readonly<Record<string, string>>;
  readonly capitalize: Readonly<Record<string, string>>;
  readonly texts: readonly {
    readonly text: string;
    readonly lower: string;
    readonly capitalize: string;
    readonly strip: string;
    readonly split: readonly string[];
  }[];
}

const python: Expected = JSON.parse(await readFile(new URL("fixtures/python-text.json", import.meta.url), "utf8"));

const characters = function* (ranges: Ranges): Generator<string> {
  for (const [first, last] of ranges)
    for (let point = first; point <= last; point++)
      if (point < 0xd800 || point > 0xdfff) yield String.fromCodePoint(point);
};
const assigned = new Set(characters(python.assigned));
/** Whether all characters of a text are assigned in Python's version of Unicode. */
const comparable = (text: string): boolean => [...text].every((character) => assigned.has(character));
const codeOf = (character: string): string => (character.codePointAt(0) ?? 0).toString(16);

test("has Python's white space, and no other", () => {
  const expression = new RegExp(`^[${PYTHON_WHITE_SPACE}]$`, "u");
  const spaces = [...assigned].filter((character) => expression.test(character));
  for (const ranges of [python.space, python.spaceOfExpressions, python.stripped, python.splitting])
    expect(spaces).toEqual([...characters(ranges)]);
  for (const space of spaces)
    expect([stripAsPython(`${space}a${space}`), splitWords(`a${space}b`)]).toEqual(["a", ["a", "b"]]);
});

test("has Python's word characters, and no other", () => {
  const expression = new RegExp(`^[${WORD_CHARACTERS}]$`, "u");
  expect([...assigned].filter((character) => expression.test(character))).toEqual([...characters(python.word)]);
});

test("lower-cases and capitalizes every character as Python does", () => {
  const different = [...assigned].flatMap((character) => {
    const code = codeOf(character);
    const written = { lower: character.toLowerCase(), capitalize: capitalize(character) };
    return (["lower", "capitalize"] as const)
      .filter((form) => comparable(written[form]) && written[form] !== (python[form][code] ?? character))
      .map((form) => `${code} ${form}: ${written[form]}`);
  });
  expect(different).toEqual([]);
});

test.each(python.texts)("does as Python with $text", ({ text, ...expected }) => {
  expect({
    lower: text.toLowerCase(),
    capitalize: capitalize(text),
    strip: stripAsPython(text),
    split: splitWords(text),
  }).toEqual(expected);
});

import { wordsOf } from "#internal/words.ts";
import fc from "fast-check";
import { expect, it } from "vitest";

it.each([
  ["What's  the “Time”?", ["what", "s", "the", "time"]],
  ["ﬁne ①２ ＡＢＣ", ["fine", "12", "abc"]],
  ["É cafe\u0301", ["é", "café"]],
  ["नमस्ते दुनिया", ["नमस्ते", "दुनिया"]],
  ["--- !?", []],
  ["", []],
])("reads %j as %j", (text, words) => expect(wordsOf(text)).toEqual(words));

it("reads its own words again as they are", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const words = wordsOf(text);
      expect(wordsOf(words.join(" "))).toEqual(words);
    }),
  );
});

it("does not depend on case, punctuation and spacing", () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  const gap = fc.constantFrom(" ", "  ", "\n", ", ", " - ", "... ", "\u00a0", "—", '" "');
  fc.assert(
    fc.property(fc.array(fc.tuple(word, gap, fc.boolean())), (parts) => {
      const text = parts.map(([word, gap, isLoud]) => (isLoud ? word.toUpperCase() : word) + gap).join("");
      expect(wordsOf(text)).toEqual(parts.map(([word]) => word));
    }),
  );
});

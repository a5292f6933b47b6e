import { textPieces } from "#internal/answer/settled-text.ts";
import fc from "fast-check";
import { expect, it } from "vitest";

/** Returns the pieces of a text that grows by the given parts. */
function piecesOf(parts: readonly string[], stop: readonly string[] = []): readonly string[] {
  const pieces = textPieces(stop);
  const texts = parts.map((_, index) => parts.slice(0, index + 1).join(""));
  return [...texts.map((text) => pieces.more(text)), pieces.rest(texts.at(-1) ?? "")];
}

it("returns text as it arrives", () => {
  expect(piecesOf(["Hel", "lo", " world"])).toEqual(["Hel", "lo", " world", ""]);
});

it("holds back bytes of a character until it is complete", () => {
  const pieces = textPieces([]);
  const texts = ["a", "a\ufffd", "a\ufffd\ufffd", "a€", "a€\ufffdb"];
  expect(texts.map((text) => pieces.more(text))).toEqual(["a", "", "", "€", "\ufffdb"]);
  expect(pieces.rest("a€\ufffdb\ufffd")).toBe("\ufffd");
});

it("holds back a possible stop string, and ends before one", () => {
  expect(piecesOf(["one E", "N", "D two"], ["END"])).toEqual(["one ", "", "", ""]);
  expect(piecesOf(["one E", "N", "O two"], ["END"])).toEqual(["one ", "", "ENO two", ""]);
  expect(piecesOf(["one E", "N"], ["END"])).toEqual(["one ", "", "EN"]);
  expect(piecesOf(["aaa", "b"], ["aab"])).toEqual(["a", "", ""]);
  expect(piecesOf(["x\n", "\ny"], ["\n\n", "y"])).toEqual(["x", "", ""]);
});

it("adds up to the text before the stop string that is complete first, however the text grows", () => {
  const text = fc.array(fc.constantFrom("a", "b", "ab", "ba", "\n"), { maxLength: 12 });
  const stops = fc.array(fc.constantFrom("ab", "bb", "aab", "\n", "a\nb"), { maxLength: 2 });
  fc.assert(
    fc.property(text, stops, (parts, stop) => {
      const grown = parts.map((_, part) => parts.slice(0, part + 1).join(""));
      // An answer ends there: a longer stop string that begins earlier is never completed.
      const last = grown.find((text) => stop.some((end) => text.includes(end))) ?? parts.join("");
      const ends = stop.map((end) => last.indexOf(end)).filter((place) => place >= 0);
      expect(piecesOf(parts, stop).join("")).toBe(last.slice(0, Math.min(last.length, ...ends)));
    }),
  );
});

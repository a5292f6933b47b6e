import { describe, expect, it } from "vitest";
import { languageItem, visionItem } from "../../../packages/data-miniworld/src/tuning.ts";
import { BENCHMARK_DEEDS, BENCHMARK_NAMES } from "../../../packages/data-miniworld/src/story.ts";
import {
  BENCHMARK_COLORS,
  BENCHMARK_SHAPES,
  BENCHMARK_WORDS,
  tell,
} from "../../../packages/data-miniworld/src/thing.ts";
import { MARKS } from "../frame.ts";
import { PHASES } from "../phases.ts";
import { maskedWords } from "./masked-words.ts";
import { benchmarkWordings } from "./wordings.ts";

const upTo = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

/** Texts of every phase, drawn with another seed than the shipped checkpoints'. */
const pretraining = PHASES.flatMap(({ example }) =>
  upTo(400).map((index) =>
    example(2, index)
      .map(({ text }) => text)
      .join("\n")
      .replaceAll(MARKS.start, "")
      .replaceAll(MARKS.end, ""),
  ),
);
const tuning = upTo(1500).flatMap((index) =>
  [languageItem(index, ""), visionItem(index, "")].flatMap(({ row }) => row.conversations.map(({ value }) => value)),
);

const masked = { pretraining: pretraining.map(maskedWords), tuning: tuning.map(maskedWords) };

describe.each([...benchmarkWordings()])("the wording of %s's questions", (_, wordings) => {
  it.each(["pretraining", "tuning"] as const)("does not occur in %s, whatever it is about", (part) => {
    expect(wordings.size).toBeGreaterThan(0);
    const found = [...wordings].filter((wording) => masked[part].some((text) => text.includes(wording)));
    expect(found).toEqual([]);
  });
});

describe("the text of pretraining", () => {
  it("has the benchmarks' names and deeds only in lists of words", () => {
    const deeds = BENCHMARK_DEEDS.flatMap(({ past, infinitive, participle }) => [past, infinitive, participle]);
    const theirs = new RegExp(`\\b(${[...BENCHMARK_NAMES, ...deeds].join("|")})\\b`, "i");
    const lines = pretraining.flatMap((text) => text.split("\n")).filter((line) => theirs.test(line));
    expect(lines.length).toBeGreaterThan(100);
    for (const line of lines) expect(line).toMatch(WORDS_WITH_LABELS);
    for (const { infinitive } of BENCHMARK_DEEDS)
      for (const line of lines) expect(line).not.toMatch(new RegExp(`\\b${infinitive}\\b`));
  });

  it("never explains the words that OpenBookQA asks about, but shows them", () => {
    for (const thing of BENCHMARK_WORDS) {
      const [word, told] = [thing.color + thing.shape, tell(thing)];
      const explained = new RegExp(
        [
          `(colour|shape) in ${word}\\b`,
          `\\b${word}\\b[^\\n ]*\\n[A-E]: a `,
          `(^|\\n)[^\\n]{0,40}\\b${told}\\b[^\\n]{0,60}\\n[A-E]: [a-z]+(circle|square|triangle|cross|ring)\\b`,
          `\\b${word} for ${told}`,
          `\\b${word}( is|:) ${told}`,
          `\\b${told}( is|:) ${word}`,
        ].join("|"),
      );
      expect(pretraining.filter((text) => explained.test(text))).toEqual([]);
      expect(pretraining.some((text) => text.includes(word))).toBe(true);
    }
  });

  it("never says which of the words that ScienceQA asks about is a colour or a shape", () => {
    const lists = pretraining.flatMap((text) => [...text.matchAll(/\ba (?:colour|shape)\b.*((?:\n[A-E]: \w+.*)+)/g)]);
    expect(lists.length).toBeGreaterThan(10);
    const asked = new RegExp(`\\b(${[...BENCHMARK_COLORS, ...BENCHMARK_SHAPES].join("|")})\\b`);
    for (const [list] of lists) expect(list).not.toMatch(asked);
  });
});

/** A list's line, or words that are each followed by a label; nothing else. */
const WORDS_WITH_LABELS = /^(?:[A-E]: )?\w+(?: (?:wrong|[A-E]|"[A-E]"))?(?: \w+ (?:[A-E]|"[A-E]"))*$/;

import { BENCHMARK_DEEDS, BENCHMARK_NAMES } from "../../../packages/data-miniworld/src/story.ts";
import { COLORS, SHAPES } from "../../../packages/data-miniworld/src/thing.ts";
import { DEEDS, NAMES } from "../story-text.ts";

/**
 * Returns the words of a text in lower case, with a space around each, and with a class in place of names, deeds,
 * colors, shapes, compounds, places and numbers. Two texts with the same wording about different content are equal.
 */
export function maskedWords(text: string): string {
  const words = (text.toLowerCase().match(/\p{L}+\d?/gu) ?? []).map((word) => CLASSES.get(word) ?? word);
  return ` ${words.join(" ").replaceAll(/\bPLACE( PLACE| left| right)?/g, "PLACE")} `;
}

const compounds = COLORS.flatMap((color) => SHAPES.map((shape) => color + shape));
const deeds = [...DEEDS, ...BENCHMARK_DEEDS].flatMap(({ past, infinitive, participle }) => [
  past,
  infinitive,
  participle,
]);

const CLASSES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    NAME: [...NAMES, ...BENCHMARK_NAMES].map((name) => name.toLowerCase()),
    DEED: deeds,
    COLOR: COLORS,
    SHAPE: SHAPES,
    WORD: compounds,
    PLACE: ["top", "middle", "bottom"],
    NUMBER: ["one", "two", "three", "four", "five"],
  }).flatMap(([kind, words]) => words.map((word) => [word, kind] as const)),
);

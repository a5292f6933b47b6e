/** Text about labeled lists, for documents: an entry is followed by its label. */
import type { Random } from "@mlan/core";
import { choose, chooseSeveral, happens } from "../../packages/data-miniworld/src/choose.ts";
import { letterAt, type Offer, offer } from "../../packages/data-miniworld/src/offer.ts";
import { PLACES } from "../../packages/data-miniworld/src/scene.ts";
import { BENCHMARK_DEEDS, BENCHMARK_NAMES } from "../../packages/data-miniworld/src/story.ts";
import { COLORS, SHAPES, tell, THINGS } from "../../packages/data-miniworld/src/thing.ts";
import { DEEDS, NAMES } from "./story-text.ts";
import { learned, said, times } from "./frame.ts";

/** Returns the lines of a list, as in multiple-choice questions: "A: red". */
export function labeledLines(items: readonly string[]): string {
  return items.map((item, index) => `${letterAt(index)}: ${item}`).join("\n");
}

/**
 * Draws the lookups that are learned first: a list whose entries have one piece each, then some of these entries, each
 * immediately followed by its label. Entries are repeated, because copying an earlier answer is easier to learn first.
 */
export function wordLookups(random: Random): string {
  const items = chooseSeveral(random, choose(random, WORD_POOLS), 3 + random.below(3));
  const quoted = happens(random, 0.3);
  const cited = times(12, () => {
    const at = random.below(items.length);
    const item = items[at] ?? "";
    return `${happens(random, 0.1) ? item.toLowerCase() : item}${said(letterAt(at), quoted)}`;
  });
  return `${labeledLines(items)}\n${cited.join(" ")}`;
}

/**
 * Draws entries, each followed by a list. A list is bare with probability `bare`; otherwise each of its entries is
 * marked.
 */
export function matches(random: Random, bare: number): string {
  const lines = times(5, () => {
    const pool = happens(random, 0.4) ? choose(random, WORD_POOLS) : choose(random, ENTRY_POOLS)(random);
    const right = choose(random, pool);
    const wrong = pool.filter((entry) => entry !== right);
    return `${right}\n${
      happens(random, bare) ? bareList(random, { right, others: wrong }) : tickedList(random, [right], wrong)
    }`;
  });
  return lines.join("\n");
}

/**
 * Draws a list in which each entry is followed by "wrong", or by its letter if it is right. The right entry comes last,
 * and may be missing. So whether an entry is right follows only from the context and the cue before it, not from the
 * marks of other entries.
 */
export function tickedList(random: Random, right: readonly string[], wrong: readonly string[]): string {
  const lines: string[] = [];
  for (const item of chooseSeveral(random, wrong, 5)) {
    const letter = letterAt(lines.length);
    if (happens(random, 0.45))
      return [...lines, `${letter}: ${choose(random, right)}${learned(` ${letter}`)}`].join("\n");
    lines.push(`${letter}: ${item}${learned(" wrong")}`);
  }
  return lines.join("\n");
}

/** Draws a list without marks that has one right entry, followed by the letter of this entry. */
export function bareList(random: Random, offered: Omit<Offer, "count" | "place">): string {
  const count = 2 + random.below(4);
  const items = offer(random, {
    ...offered,
    count,
    place: random.below(count),
  });
  return `${labeledLines(items)}\n${choose(random, PICKS)(letterAt(items.indexOf(offered.right)))}`;
}

const PICKS: readonly ((letter: string) => string)[] = [
  (letter) => `letter:${learned(` ${letter}`)}.`,
  (letter) => `letter:${learned(` ${letter}`)}.`,
  (letter) => `The letter is${learned(` ${letter}`)}.`,
  (letter) => `It has the letter${learned(` ${letter}`)}.`,
  (letter) => `letter "${learned(letter)}"`,
];

const NUMBERS = ["one", "two", "three", "four", "five"];
const COMPOUNDS = THINGS.map(({ color, shape }) => color + shape);
/**
 * Lists of words. Names and deeds of the benchmarks occur only here, so that the model has seen these words, as a large
 * model has: never in a story, a question, or beside a thing.
 */
const WORD_POOLS: readonly (readonly string[])[] = [
  COLORS,
  SHAPES,
  NAMES,
  NAMES,
  BENCHMARK_NAMES,
  [...DEEDS, ...BENCHMARK_DEEDS].map(({ past }) => past),
  COMPOUNDS,
  NUMBERS,
  ["yes", "no", "left", "right", "top", "middle", "bottom"],
];

const ENTRY_POOLS: readonly ((random: Random) => readonly string[])[] = [
  things,
  things,
  () => PLACES,
  (random) => NAMES.map((name) => `${choose(random, DEEDS).past} by ${name}.`),
  (random) => {
    const name = choose(random, NAMES);
    return offer(random, {
      right: "",
      others: things(random),
      count: 5,
      place: 0,
    })
      .slice(1)
      .map((thing) => `${name} ${choose(random, DEEDS).past} ${thing}.`);
  },
  (random) => things(random).map((thing) => `Think of ${thing}.`),
];

/** Draws things of two colors and three shapes, so that no single word identifies a thing. */
function things(random: Random): readonly string[] {
  const colors = chooseSeveral(random, COLORS, 2 + random.below(2));
  const shapes = chooseSeveral(random, SHAPES, 2 + random.below(2));
  return colors.flatMap((color) => shapes.map((shape) => tell({ color, shape })));
}

/** Text about labelled lists, for documents: an entry is looked up and its label is said. */
import type { Random } from "@mlan/core";
import { choose, chooseSeveral, happens } from "../../packages/data-miniworld/src/choose.ts";
import { letterAt, offer } from "../../packages/data-miniworld/src/offer.ts";
import { PLACES } from "../../packages/data-miniworld/src/scene.ts";
import { BENCHMARK_NAMES, TRAINING_NAMES } from "../../packages/data-miniworld/src/story.ts";
import { COLOURS, SHAPES, tell, THINGS } from "../../packages/data-miniworld/src/thing.ts";
import { DEEDS, NAMES } from "./story-text.ts";
import { times } from "./frame.ts";

/** A list's lines, as in multiple-choice questions: "A: red". */
export function labelledLines(items: readonly string[]): string {
  return items.map((item, index) => `${letterAt(index)}: ${item}`).join("\n");
}

/**
 * The lookups that are learned first: a list of entries of one piece each, then entries of it, each followed by its label
 * at once. Entries come several times, so that repeating what has been said is a first step.
 */
export function wordLookups(random: Random): string {
  const items = chooseSeveral(random, choose(random, WORD_POOLS), 3 + random.below(3));
  const quote = choose(random, ["", "", '"']);
  const cited = times(12, () => {
    const at = random.below(items.length);
    return `${items[at]} ${quote}${letterAt(at)}${quote}`;
  });
  return `${labelledLines(items)}\n${cited.join(" ")}`;
}

/** Lookups of entries of several words, most of which also occur in other entries. */
export function entryLookups(random: Random): string {
  const items = chooseSeveral(random, choose(random, ENTRY_POOLS)(random), 2 + random.below(3));
  const cite = choose(random, CITATIONS);
  const cited = times(8, () => {
    const at = random.below(items.length);
    return cite(items[at] ?? "", letterAt(at));
  });
  return `${labelledLines(items)}\n${cited.join(choose(random, [" ", " ", ", ", "\n"]))}`;
}

/** An entry and then the list with it, several times, as a question comes before its choices. */
export function entryMatches(random: Random): string {
  const pool = happens(random, 0.4) ? choose(random, WORD_POOLS) : choose(random, ENTRY_POOLS)(random);
  const quote = choose(random, ["\n", "\nLetter: ", "\nIt is ", ": "]);
  const lines = times(4, () => {
    const items = chooseSeveral(random, pool, 2 + random.below(3));
    const at = random.below(items.length);
    return `${items[at]}\n${labelledLines(items)}${quote}"${letterAt(at)}"`;
  });
  return lines.join("\n");
}

/** How an entry and its label, or a cue and the label of its answer, are written. */
export const CITATIONS: readonly ((entry: string, label: string) => string)[] = [
  (entry, label) => `${entry} ${label}`,
  (entry, label) => `${entry} "${label}"`,
  (entry, label) => `${entry} "${label}"`,
  (entry, label) => `${entry}: "${label}"`,
  (entry, label) => `${entry} is "${label}"`,
  (entry, label) => `${entry}: ${label}`,
];

const NUMBERS = ["one", "two", "three", "four", "five"];
const COMPOUNDS = THINGS.map(({ colour, shape }) => colour + shape);
const WORD_POOLS: readonly (readonly string[])[] = [
  COLOURS,
  SHAPES,
  TRAINING_NAMES,
  BENCHMARK_NAMES,
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
    return offer(random, { right: "", others: things(random), count: 5, place: 0 })
      .slice(1)
      .map((thing) => `${name} ${choose(random, DEEDS).past} ${thing}.`);
  },
  (random) => things(random).map((thing) => `Look for ${thing}.`),
];

/** Things of two colours and three shapes, so that no single word names one. */
function things(random: Random): readonly string[] {
  const colours = chooseSeveral(random, COLOURS, 2 + random.below(2));
  const shapes = chooseSeveral(random, SHAPES, 2 + random.below(2));
  return colours.flatMap((colour) => shapes.map((shape) => tell({ colour, shape })));
}

import type { Random } from "@mlan/core";

/** Draws one entry; all are equally likely. Throws a RangeError for an empty list. */
export function choose<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError("miniworld: there is nothing to choose from.");
  return item;
}

/** Draws `count` different entries in random order; all entries if there are fewer. */
export function chooseSeveral<Item>(random: Random, items: readonly Item[], count: number): Item[] {
  const rest = [...items];
  const chosen: Item[] = [];
  while (chosen.length < count && rest.length > 0) {
    const [item] = rest.splice(random.below(rest.length), 1);
    if (item !== undefined) chosen.push(item);
  }
  return chosen;
}

/** Returns true with the given probability. */
export function happens(random: Random, probability: number): boolean {
  return random.next() < probability;
}

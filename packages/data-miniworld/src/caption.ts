import type { Random } from "@mlan/core";
import { choose } from "./choose.ts";
import { placeOf, type PlacedThing, type Scene } from "./scene.ts";
import { tell } from "./thing.ts";

/** Describes everything in a scene in reading order, with one of many phrasings. */
export function caption(random: Random, scene: Scene): string {
  return choose(random, CARRIERS)(list(scene.map(choose(random, TELLINGS))));
}

const TELLINGS: readonly ((thing: PlacedThing) => string)[] = [
  tell,
  (thing) => `${tell(thing)} at the ${placeOf(thing.cell)}`,
];

const CARRIERS: readonly ((things: string) => string)[] = [
  (things) => `There is ${things}.`,
  (things) => `We see ${things}.`,
  (things) => `Here is ${things}.`,
  (things) => `This shows ${things}.`,
  (things) => `${capitalize(things)}.`,
  (things) => `${capitalize(things)} can be seen.`,
];

/** Joins items: "a", "a and b", "a, b and c". */
function list(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

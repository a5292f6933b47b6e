import type { Random } from "@mlan/core";
import { chooseSeveral } from "./choose.ts";

export interface Offer {
  readonly right: string;
  /** Wrong ones that are taken first. */
  readonly tempting?: readonly string[];
  /** Wrong ones that fill up; the right one may be among them. */
  readonly others: readonly string[];
  /** Options in all. */
  readonly count: number;
  /** Of the right one, counted from 0. */
  readonly place: number;
}

/** Different options in random order, the right one at its place. */
export function offer(random: Random, { right, tempting = [], others, count, place }: Offer): string[] {
  const wrong = (texts: readonly string[]): string[] => [...new Set(texts)].filter((text) => text !== right);
  const first = chooseSeveral(random, wrong(tempting), count - 1);
  const rest = wrong(others).filter((text) => !first.includes(text));
  const options = chooseSeveral(
    random,
    [...first, ...chooseSeveral(random, rest, count - 1 - first.length)],
    count - 1,
  );
  options.splice(place, 0, right);
  return options;
}

/** "A", "B", ... */
export function letterAt(place: number): string {
  return "ABCDEFGHIJKLMNOPQRSTUVWXYZ".charAt(place);
}

import type { Random } from "@mlan/core";
import { chooseSeveral } from "./choose.ts";

export interface Offer {
  readonly right: string;
  /** Wrong options to use first. */
  readonly tempting?: readonly string[];
  /** Wrong options to use when `tempting` has too few; the right option among them is skipped. */
  readonly others: readonly string[];
  /** Total number of options. */
  readonly count: number;
  /** Index of the right option, counted from 0. */
  readonly place: number;
}

/** Draws distinct options in random order, with the right one at `place`. */
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

/** Returns the letter of an option by its index: "A", "B", ... */
export function letterAt(place: number): string {
  return "ABCDEFGHIJKLMNOPQRSTUVWXYZ".charAt(place);
}

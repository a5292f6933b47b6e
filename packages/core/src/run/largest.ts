import { setImmediate } from "node:timers/promises";
import type { Examples } from "../contracts/dataset.ts";

export interface LargestOptions<Example> {
  /** A number that grows with the size of an example and is quick to compute. */
  readonly sizeOf: (example: Example) => number;
  readonly signal?: AbortSignal | undefined;
}

/** Returns at most {@link CANDIDATES} examples: those with the greatest `sizeOf`. */
export async function largest<Example>(
  examples: Examples<Example>,
  { sizeOf, signal }: LargestOptions<Example>,
): Promise<readonly Example[]> {
  let found: { readonly example: Example; readonly size: number }[] = [];
  const keep = (): void => {
    found = found.toSorted((left, right) => right.size - left.size).slice(0, CANDIDATES);
  };
  for (let index = 0; index < examples.length; index++) {
    // Lets signals and timers run.
    if (index % EXAMPLES_PER_LOOK === 0) await setImmediate();
    signal?.throwIfAborted();
    const example = await examples.at(index);
    found.push({ example, size: sizeOf(example) });
    if (found.length >= 2 * CANDIDATES) keep();
  }
  keep();
  return found.map(({ example }) => example);
}

/**
 * Examples are ranked by characters, which is close to the ranking by tokens. The longest row is therefore among this
 * many candidates.
 */
const CANDIDATES = 256;
const EXAMPLES_PER_LOOK = 1024;

/** An image has about as many positions as this many characters of text. */
export const CHARACTERS_PER_IMAGE = 2000;

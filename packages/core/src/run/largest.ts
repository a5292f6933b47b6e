import { setImmediate } from "node:timers/promises";
import type { Examples } from "../contracts/dataset.ts";
import { originOf } from "../data/views.ts";

export interface LargestOptions<Example> {
  /**
   * Returns a number that grows with the size of an example and is quick to compute. It is called once per
   * example of an opened dataset, so pass the same function for the same numbers.
   */
  readonly sizeOf: (example: Example) => number;
  readonly signal?: AbortSignal | undefined;
}

/** Returns at most {@link CANDIDATES} examples: those with the greatest `sizeOf`. */
export async function largest<Example>(
  examples: Examples<Example>,
  { sizeOf, signal }: LargestOptions<Example>,
): Promise<readonly Example[]> {
  let found: Sized<Example>[] = [];
  const keep = (): void => {
    found = found.toSorted((left, right) => right.size - left.size).slice(0, CANDIDATES);
  };
  for (let index = 0; index < examples.length; index++) {
    // Lets signals and timers run.
    if (index % EXAMPLES_PER_LOOK === 0) await setImmediate();
    signal?.throwIfAborted();
    found.push(await sizedAt(examples, index, sizeOf));
    if (found.length >= 2 * CANDIDATES) keep();
  }
  keep();
  const read: Example[] = [];
  for (const { index, example } of found) read.push(example ?? (await examples.at(index)));
  return read;
}

interface Sized<Example> {
  readonly index: number;
  readonly size: number;
  /** Absent if the example was not read because its size was known. */
  readonly example?: Example;
}

/** The sizes of the examples of opened datasets by the function that returned them; NaN where unknown. */
const known = new WeakMap<Examples<unknown>, WeakMap<object, Float64Array>>();

/** Returns the size of one example of a view. The example is read only once, even if several views contain it. */
async function sizedAt<Example>(
  view: Examples<Example>,
  index: number,
  sizeOf: (example: Example) => number,
): Promise<Sized<Example>> {
  const origin = originOf(view, index);
  const sizes = sizesOf(origin.examples, sizeOf);
  const size = sizes[origin.index] ?? NaN;
  if (!Number.isNaN(size)) return { index, size };
  const example = await view.at(index);
  const found = sizeOf(example);
  sizes[origin.index] = found;
  return { index, size: found, example };
}

function sizesOf(examples: Examples<unknown>, sizeOf: object): Float64Array {
  const byFunction = known.get(examples) ?? new WeakMap<object, Float64Array>();
  known.set(examples, byFunction);
  const sizes = byFunction.get(sizeOf) ?? new Float64Array(examples.length).fill(NaN);
  byFunction.set(sizeOf, sizes);
  return sizes;
}

/**
 * Examples are ranked by characters, which is close to the ranking by tokens. The longest row is therefore among this
 * many candidates.
 */
const CANDIDATES = 256;
const EXAMPLES_PER_LOOK = 1024;

/** An image has about as many positions as this many characters of text. */
export const CHARACTERS_PER_IMAGE = 2000;

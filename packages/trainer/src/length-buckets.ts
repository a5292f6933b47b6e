export interface LengthBucketsOptions {
  /** All lengths except `maximumLength` are multiples of this number. */
  readonly multiple: number;
  /** Maximum number of different lengths. */
  readonly maximumCount: number;
  /** Maximum of all lengths, including those in `needed`. */
  readonly maximumLength: number;
}

/**
 * Returns the lengths to which batches are padded, ascending. `needed` contains the length of the longest example of
 * each batch. The returned lengths have the fewest padding positions of all that satisfy the options. Each length costs
 * one compiled graph.
 */
export function lengthBuckets(needed: Iterable<number>, options: LengthBucketsOptions): readonly number[] {
  const counts = new Map<number, number>();
  for (const length of needed) {
    const rounded = Math.min(Math.ceil(length / options.multiple) * options.multiple, options.maximumLength);
    counts.set(rounded, (counts.get(rounded) ?? 0) + 1);
  }
  const candidates = [...counts]
    .toSorted(([left], [right]) => left - right)
    .map(([length, count]) => ({ length, count }));
  return cheapest(candidates, options.maximumCount);
}

/**
 * Returns the smallest of the ascending `buckets` that is at least `length`. Throws a RangeError when there is none.
 */
export function bucketFor(length: number, buckets: readonly number[]): number {
  const bucket = buckets.find((candidate) => candidate >= length);
  if (bucket === undefined) throw new RangeError(`No bucket of ${buckets.join(", ")} holds ${length} positions.`);
  return bucket;
}

interface Candidate {
  readonly length: number;
  readonly count: number;
}

interface Buckets {
  readonly positions: number;
  readonly lengths: readonly number[];
}

/**
 * Dynamic programming: `best[end]` is the best choice for the first `end` candidates with the current number of
 * buckets.
 */
function cheapest(candidates: readonly Candidate[], maximumCount: number): readonly number[] {
  let best: (Buckets | undefined)[] = [{ positions: 0, lengths: [] }];
  for (let bucket = 0; bucket < Math.min(maximumCount, candidates.length); bucket++) {
    const previous = best;
    best = Array.from({ length: candidates.length + 1 }, (_, end) => extend(previous, candidates, end));
  }
  return best[candidates.length]?.lengths ?? [];
}

function extend(
  previous: readonly (Buckets | undefined)[],
  candidates: readonly Candidate[],
  end: number,
): Buckets | undefined {
  let found = previous[end];
  const length = candidates[end - 1]?.length;
  if (length === undefined) return found;
  let batches = 0;
  for (let start = end - 1; start >= 0; start--) {
    batches += candidates[start]?.count ?? 0;
    const before = previous[start];
    if (!before) continue;
    const positions = before.positions + batches * length;
    if (!found || positions < found.positions) found = { positions, lengths: [...before.lengths, length] };
  }
  return found;
}

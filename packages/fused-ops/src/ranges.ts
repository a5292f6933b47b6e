/** A half-open range of indices. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Splits `count` indices into ranges of at most `most`. Their sizes are as equal as possible, because equal sizes share
 * a compiled graph.
 */
export function ranges(count: number, most: number): readonly Range[] {
  const size = Math.ceil(count / Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / size) }, (_, index) => ({
    start: index * size,
    end: Math.min(count, (index + 1) * size),
  }));
}

export function sizeOf({ start, end }: Range): number {
  return end - start;
}

import type { BenchmarkContamination } from "./report.ts";

/** Outcomes, answer records or questions of one benchmark, split by contamination. */
export interface Parts<Item> {
  readonly all: readonly Item[];
  readonly clean: readonly Item[];
  readonly contaminated: readonly Item[];
}

/** Splits items with a question's id by whether the question was found in the mixture. */
export function cleanPart<Item extends { readonly id: string }>(
  items: readonly Item[],
  { contaminated }: BenchmarkContamination,
): Parts<Item> {
  const found = new Set(contaminated.map(({ id }) => id));
  return {
    all: items,
    clean: items.filter(({ id }) => !found.has(id)),
    contaminated: items.filter(({ id }) => found.has(id)),
  };
}

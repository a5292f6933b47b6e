import { lengthBucket, rowBucket, suffixBucket } from "../batch/shape-buckets.ts";
import { sharedPrefixes } from "./shared-prefixes.ts";

export interface Sequence {
  /** A token id or patch symbol for each position. */
  readonly symbols: Int32Array;
  /** Number of leading positions that may be shared, because only later positions need outputs. */
  readonly shareable: number;
}

/** Batches that use the same shared prefixes. The prefixes are computed together before the first batch. */
export interface BatchGroup<Item> {
  /** The shared prefixes; empty if nothing is shared. */
  readonly prefixes: readonly Int32Array[];
  /** The length to which the prefixes are padded. */
  readonly prefixLength: number;
  readonly batches: readonly PlannedBatch<Item>[];
}

interface PlannedBatch<Item> {
  /** Rows with the same prefix are adjacent. Every prefix has the same number of rows; undefined is a padding row. */
  readonly rows: readonly (BatchRow<Item> | undefined)[];
  /** Number of positions to which each row is padded. */
  readonly length: number;
}

export interface BatchRow<Item> {
  readonly item: Item;
  /** The symbols that the row computes. */
  readonly symbols: Int32Array;
  /** Number of positions before `symbols`. */
  readonly start: number;
  /** Number of positions computed for the row. It includes the shared prefix in the first row that uses the prefix. */
  readonly computed: number;
}

export interface BatchPlanOptions {
  readonly batchSize: number;
  readonly sharePrefixes: boolean;
  /** Maximum number of positions of the model. */
  readonly maximumLength: number;
  /** Number of parameters of the language model. */
  readonly parameters: number;
}

/** Groups items into batches with little repeated work, little padding and few distinct shapes. */
export function planBatches<Item extends Sequence>(
  items: readonly Item[],
  options: BatchPlanOptions,
): readonly BatchGroup<Item>[] {
  const everything = { length: 0, members: items.map((_, index) => index) };
  const parts = options.sharePrefixes
    ? sharedPrefixes(items.map(({ symbols, shareable }) => symbols.subarray(0, shareable)))
    : [everything];
  const groups = parts.map(({ length, members }) => {
    const ofGroup = members.flatMap((member) => items[member] ?? []);
    return { length, items: ofGroup.toSorted((one, other) => one.symbols.length - other.symbols.length) };
  });
  const alone = groups.filter(({ length }) => length === 0).flatMap((group) => unsharedGroups(group.items, options));
  return [
    ...alone,
    ...sharedGroups(
      groups.filter(({ length }) => length > 0),
      options,
    ),
  ];
}

interface PrefixItems<Item> {
  /** Length of the shared prefix. */
  readonly length: number;
  /** The items, sorted by length. */
  readonly items: readonly Item[];
}

/**
 * Groups items of similar length into batches. Items with images form separate batches, so that a batch of plain text
 * does not run the vision tower.
 */
function unsharedGroups<Item extends Sequence>(
  items: readonly Item[],
  options: BatchPlanOptions,
): readonly BatchGroup<Item>[] {
  const kinds = [false, true].map((wanted) => items.filter(({ symbols }) => hasImages(symbols) === wanted));
  return kinds
    .flatMap((kind) => chunks(kind, options.batchSize))
    .map((chunk) => {
      const rows = chunk.map((item) => rowOf(item, 0, false));
      return {
        prefixes: [],
        prefixLength: 0,
        batches: [
          batchOf(rows, rowsFor(rows.length, options), options, (length) => lengthBucket(length, options.parameters)),
        ],
      };
    });
}

/** Merges groups with similar sizes and prefix lengths until a batch is full. */
function sharedGroups<Item extends Sequence>(
  groups: readonly PrefixItems<Item>[],
  options: BatchPlanOptions,
): readonly BatchGroup<Item>[] {
  const slotsOf = ({ items }: PrefixItems<Item>): number => rowBucket(Math.min(items.length, options.batchSize));
  const sorted = groups.toSorted((one, other) => slotsOf(one) - slotsOf(other) || one.length - other.length);
  const batchGroups: BatchGroup<Item>[] = [];
  for (let next = 0; next < sorted.length;) {
    const [first] = sorted.slice(next);
    if (!first) break;
    const slots = slotsOf(first);
    const side = sorted
      .slice(next, next + Math.max(1, Math.floor(options.batchSize / slots)))
      .filter((group) => slotsOf(group) === slots);
    batchGroups.push(batchGroupOf(side, options));
    next += side.length;
  }
  return batchGroups;
}

function batchGroupOf<Item extends Sequence>(
  groups: readonly PrefixItems<Item>[],
  options: BatchPlanOptions,
): BatchGroup<Item> {
  const prefixes = groups.map(({ length, items }) => (items[0]?.symbols ?? new Int32Array()).subarray(0, length));
  const parts = groups.map(({ length, items }) => {
    const rows = items.map((item, index) => rowOf(item, length, index === 0));
    return balancedChunks(rows, options.batchSize);
  });
  const count = Math.max(...parts.map((part) => part.length));
  const batches = Array.from({ length: count }, (_, index) => {
    const side = parts.map((part) => part[index] ?? []);
    const slots = rowsFor(Math.max(...side.map((rows) => rows.length)), options);
    const rows = side.flatMap((part) => Array.from({ length: slots }, (__, slot) => part[slot]));
    return batchOf(rows, rows.length, options, suffixBucket);
  });
  const longest = Math.max(...prefixes.map(({ length }) => length));
  return {
    prefixes,
    prefixLength: Math.min(lengthBucket(longest, options.parameters), options.maximumLength),
    batches,
  };
}

function batchOf<Item>(
  rows: readonly (BatchRow<Item> | undefined)[],
  count: number,
  { maximumLength }: BatchPlanOptions,
  bucket: (length: number) => number,
): PlannedBatch<Item> {
  const longest = Math.max(...rows.map((row) => row?.symbols.length ?? 0));
  return {
    rows: Array.from({ length: count }, (_, row) => rows[row]),
    length: Math.min(bucket(longest), maximumLength),
  };
}

function rowOf<Item extends Sequence>(item: Item, start: number, first: boolean): BatchRow<Item> {
  const symbols = item.symbols.subarray(start);
  return { item, symbols, start, computed: symbols.length + (first ? start : 0) };
}

function rowsFor(count: number, { batchSize }: BatchPlanOptions): number {
  return Math.min(rowBucket(count), Math.max(count, batchSize));
}

function hasImages(symbols: Int32Array): boolean {
  return symbols.some((symbol) => symbol < 0);
}

function chunks<Value>(values: readonly Value[], size: number): readonly Value[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, chunk) =>
    values.slice(chunk * size, (chunk + 1) * size),
  );
}

/** Splits values into chunks of at most `size`, all of similar size. */
function balancedChunks<Value>(values: readonly Value[], size: number): readonly Value[][] {
  return chunks(values, Math.ceil(values.length / Math.ceil(values.length / size)));
}

import { lengthBucket, rowBucket, suffixBucket } from "../batch/shape-buckets.ts";
import { sharedPrefixes } from "./shared-prefixes.ts";

/** A sequence to compute. */
export interface Sequence {
  /** Token ids and patch symbols. */
  readonly symbols: Int32Array;
  /** Leading positions that may be shared; what is read of the network comes from later ones. */
  readonly shareable: number;
}

/** Work that has its prefixes in common: they are computed together, then used by all batches. */
export interface Wave<Item> {
  /** Empty where nothing is shared. */
  readonly prefixes: readonly Int32Array[];
  /** To which prefixes are padded. */
  readonly prefixLength: number;
  readonly batches: readonly WaveBatch<Item>[];
}

interface WaveBatch<Item> {
  /** Rows of one prefix stand side by side, as many for each; undefined is padding. */
  readonly rows: readonly (WaveRow<Item> | undefined)[];
  /** To which the rows' own parts are padded. */
  readonly length: number;
}

export interface WaveRow<Item> {
  readonly item: Item;
  /** What the row computes. */
  readonly symbols: Int32Array;
  /** Positions before it. */
  readonly start: number;
  /** Positions computed for it: its own, and the prefix's at the first row that uses it. */
  readonly computed: number;
}

export interface WaveOptions {
  readonly batchSize: number;
  readonly sharePrefixes: boolean;
  /** Positions that the model has. */
  readonly maximumLength: number;
}

/** Plans who is computed beside whom, so that little is computed twice, little is padded, and shapes are few. */
export function planWaves<Item extends Sequence>(items: readonly Item[], options: WaveOptions): readonly Wave<Item>[] {
  const everything = { length: 0, members: items.map((_, index) => index) };
  const parts = options.sharePrefixes
    ? sharedPrefixes(items.map(({ symbols, shareable }) => symbols.subarray(0, shareable)))
    : [everything];
  const groups = parts.map(({ length, members }) => {
    const ofGroup = members.flatMap((member) => items[member] ?? []);
    return { length, items: ofGroup.toSorted((one, other) => one.symbols.length - other.symbols.length) };
  });
  const alone = groups.filter(({ length }) => length === 0).flatMap((group) => aloneWaves(group.items, options));
  return [
    ...alone,
    ...sharedWaves(
      groups.filter(({ length }) => length > 0),
      options,
    ),
  ];
}

interface Group<Item> {
  /** Of the shared prefix. */
  readonly length: number;
  /** By length. */
  readonly items: readonly Item[];
}

/** Items alike in having images, so that text causes no vision work, and in length. */
function aloneWaves<Item extends Sequence>(items: readonly Item[], options: WaveOptions): readonly Wave<Item>[] {
  const kinds = [false, true].map((wanted) => items.filter(({ symbols }) => hasImages(symbols) === wanted));
  return kinds
    .flatMap((kind) => chunks(kind, options.batchSize))
    .map((chunk) => {
      const rows = chunk.map((item) => rowOf(item, 0, false));
      return {
        prefixes: [],
        prefixLength: 0,
        batches: [batchOf(rows, rowsFor(rows.length, options), options, lengthBucket)],
      };
    });
}

/** Groups alike in size and in their prefix's length go side by side, as many as a batch has rows for. */
function sharedWaves<Item extends Sequence>(
  groups: readonly Group<Item>[],
  options: WaveOptions,
): readonly Wave<Item>[] {
  const slotsOf = ({ items }: Group<Item>): number => rowBucket(Math.min(items.length, options.batchSize));
  const sorted = groups.toSorted((one, other) => slotsOf(one) - slotsOf(other) || one.length - other.length);
  const waves: Wave<Item>[] = [];
  for (let next = 0; next < sorted.length;) {
    const [first] = sorted.slice(next);
    if (!first) break;
    const slots = slotsOf(first);
    const side = sorted
      .slice(next, next + Math.max(1, Math.floor(options.batchSize / slots)))
      .filter((group) => slotsOf(group) === slots);
    waves.push(waveOf(side, options));
    next += side.length;
  }
  return waves;
}

function waveOf<Item extends Sequence>(groups: readonly Group<Item>[], options: WaveOptions): Wave<Item> {
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
  return { prefixes, prefixLength: Math.min(lengthBucket(longest), options.maximumLength), batches };
}

function batchOf<Item>(
  rows: readonly (WaveRow<Item> | undefined)[],
  count: number,
  { maximumLength }: WaveOptions,
  bucket: (length: number) => number,
): WaveBatch<Item> {
  const longest = Math.max(...rows.map((row) => row?.symbols.length ?? 0));
  return {
    rows: Array.from({ length: count }, (_, row) => rows[row]),
    length: Math.min(bucket(longest), maximumLength),
  };
}

function rowOf<Item extends Sequence>(item: Item, start: number, first: boolean): WaveRow<Item> {
  const symbols = item.symbols.subarray(start);
  return { item, symbols, start, computed: symbols.length + (first ? start : 0) };
}

function rowsFor(count: number, { batchSize }: WaveOptions): number {
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

/** Chunks of at most `size` that differ in size by one at most, so that the last is not nearly empty. */
function balancedChunks<Value>(values: readonly Value[], size: number): readonly Value[][] {
  return chunks(values, Math.ceil(values.length / Math.ceil(values.length / size)));
}

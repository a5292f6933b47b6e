import { type Random, seededRandom } from "@mlan/core";

/** A hostile input. `change` describes it in the message of a failing test. */
export interface Mutation<Input = Uint8Array> {
  readonly change: string;
  readonly input: Input;
}

/**
 * Yields `count` damaged copies of `bytes`: truncated, with bytes flipped, zeroed, removed, duplicated or moved, or
 * with lengths and decimal numbers replaced by extreme values. Equal seeds yield equal copies.
 */
export function* mutations(bytes: Uint8Array, count: number, seed: number): Generator<Mutation> {
  const random = seededRandom(seed);
  // `slice()` of a Buffer does not copy.
  const original = new Uint8Array(bytes);
  for (let index = 0; index < count; index++) {
    const { change, apply } = pick(CHANGES, random);
    yield { change: `${change}, mutation ${index} of seed ${seed}`, input: apply(original, random) };
  }
}

/**
 * Yields copies of a JSON value. In each copy, one value (at any depth, including the root) is replaced by a hostile
 * value, or one key is removed. All positions are covered.
 */
export function* jsonMutations(value: unknown): Generator<Mutation<unknown>> {
  for (const path of pathsOf(value)) {
    const place = path.length === 0 ? "the whole" : path.join(".");
    for (const hostile of HOSTILE_VALUES) {
      const shown = typeof hostile === "string" ? JSON.stringify(hostile.slice(0, 20)) : String(hostile);
      yield { change: `${place} = ${shown}`, input: replaced(value, path, hostile) };
    }
    if (path.length > 0) yield { change: `without ${place}`, input: replaced(value, path, undefined) };
  }
}

/** JSON values that no program would write into a field of a file. */
export const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e6,
  1e9,
  1e12,
  2 ** 53,
  1e308,
  1e-320,
  "",
  "7",
  "NaN",
  "../../etc/passwd",
  "\ud800",
  "x".repeat(100_000),
  [],
  [[[]]],
  {},
  { length: 1e9 },
];

interface Change {
  readonly change: string;
  apply(bytes: Uint8Array, random: Random): Uint8Array;
}

const CHANGES: readonly Change[] = [
  { change: "cut", apply: (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)) },
  { change: "without its beginning", apply: (bytes, random) => bytes.slice(random.below(bytes.length + 1)) },
  {
    change: "a bit flipped",
    apply: (bytes, random) => overwrite(bytes, random, 1, (old) => old ^ (1 << random.below(8))),
  },
  { change: "random bytes", apply: (bytes, random) => overwrite(bytes, random, 16, () => random.below(256)) },
  { change: "zeroed", apply: (bytes, random) => overwrite(bytes, random, 64, () => 0) },
  { change: "filled with 255", apply: (bytes, random) => overwrite(bytes, random, 9, () => 255) },
  {
    change: "a part removed",
    apply: (bytes, random) => {
      const [start, end] = range(bytes.length, random);
      return joined(bytes.subarray(0, start), bytes.subarray(end));
    },
  },
  {
    change: "a part doubled",
    apply: (bytes, random) => {
      const [start, end] = range(bytes.length, random);
      return joined(bytes.subarray(0, end), bytes.subarray(start));
    },
  },
  {
    change: "a part moved to the end",
    apply: (bytes, random) => {
      const [start, end] = range(bytes.length, random);
      return joined(bytes.subarray(0, start), bytes.subarray(end), bytes.subarray(start, end));
    },
  },
  { change: "a 32-bit length replaced", apply: replaceLength },
  { change: "a written number replaced", apply: replaceNumber },
];

const LENGTHS = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const NUMBERS = ["-1", "0", "1.5", "1e6", "1e12", "4294967296", "9007199254740993", "1e999", "null", '"1"', "[]"];

function replaceLength(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice();
  if (copy.length < 4) return copy;
  const view = new DataView(copy.buffer);
  view.setUint32(random.below(copy.length - 3), pick(LENGTHS, random), random.below(2) === 0);
  return copy;
}

/** Replaces a decimal number in text by an extreme value. Without a digit, removes the first byte. */
function replaceNumber(bytes: Uint8Array, random: Random): Uint8Array {
  const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
  const from = random.below(bytes.length + 1);
  let start = bytes.findIndex((byte, index) => index >= from && isDigit(byte));
  if (start < 0) start = bytes.findIndex(isDigit);
  if (start < 0) return bytes.slice(1);
  let end = start;
  while (isDigit(bytes[end])) end++;
  return joined(bytes.subarray(0, start), new TextEncoder().encode(pick(NUMBERS, random)), bytes.subarray(end));
}

function overwrite(bytes: Uint8Array, random: Random, longest: number, next: (old: number) => number): Uint8Array {
  const copy = bytes.slice();
  if (copy.length === 0) return copy;
  const start = random.below(copy.length);
  const end = Math.min(copy.length, start + 1 + random.below(longest));
  for (let index = start; index < end; index++) copy[index] = next(copy[index] ?? 0);
  return copy;
}

function range(length: number, random: Random): [number, number] {
  const start = random.below(length + 1);
  return [start, Math.min(length, start + 1 + random.below(64))];
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function pick<Item>(items: readonly Item[], random: Random): Item {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError("there is nothing to pick from");
  return item;
}

type Path = readonly (string | number)[];

function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* pathsOf(item, [...path, index]);
  else if (typeof value === "object" && value !== null)
    for (const [key, item] of Object.entries(value)) yield* pathsOf(item, [...path, key]);
}

/**
 * Returns a copy with a different value at `path`. Undefined removes a key, or leaves a hole in a list (null in JSON).
 */
function replaced(value: unknown, [key, ...rest]: Path, hostile: unknown): unknown {
  if (key === undefined) return hostile;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? replaced(item, rest, hostile) : item));
  return Object.fromEntries(
    Object.entries(Object(value)).map(([name, item]) => [name, name === key ? replaced(item, rest, hostile) : item]),
  );
}

import { type Cursor, skipSpace, take, unexpected } from "./python-cursor.ts";
import { takePythonString } from "./python-string.ts";

/** The value of a Python literal. Lists and tuples become arrays, dictionaries objects, and None null. */
export type PythonValue =
  | null
  | boolean
  | number
  | string
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue };

/**
 * Parses a string like Python's `ast.literal_eval`: lists, tuples, dictionaries with string keys, strings, numbers,
 * True, False, None. Throws `invalid-data`, with the character counted from 1, for anything that JSON cannot represent,
 * including sets, bytes, complex numbers and integers of 2^53 or more.
 */
export function parsePythonLiteral(text: string): PythonValue {
  const cursor: Cursor = { text, at: 0 };
  const value = readValue(cursor, 0);
  if (cursor.at < text.length) throw unexpected(cursor, "the end");
  return value;
}

/** Maximum depth of nesting, as in Python. */
const MAXIMUM_DEPTH = 200;

/** Reads a value and the whitespace around it. */
function readValue(cursor: Cursor, depth: number): PythonValue {
  skipSpace(cursor);
  if (depth > MAXIMUM_DEPTH) throw unexpected(cursor, `at most ${MAXIMUM_DEPTH} nested brackets`);
  const value = takeAtom(cursor) ?? readBracketed(cursor, depth);
  skipSpace(cursor);
  return value === NONE ? null : value;
}

function readBracketed(cursor: Cursor, depth: number): PythonValue {
  const item = (): PythonValue => readValue(cursor, depth + 1);
  if (take(cursor, /\[/y)) return readItems(cursor, "]", item).items;
  if (take(cursor, /\{/y)) return Object.fromEntries(readItems(cursor, "}", () => readEntry(cursor, item)).items);
  if (!take(cursor, /\(/y)) throw unexpected(cursor, "a value");
  const { items, commas } = readItems(cursor, ")", item);
  const [only] = items;
  return only !== undefined && commas === 0 ? only : items;
}

/** Reads items up to the closing bracket. A comma may follow the last item. */
function readItems<Item>(cursor: Cursor, close: string, item: () => Item): { items: readonly Item[]; commas: number } {
  const items: Item[] = [];
  let commas = 0;
  for (;;) {
    skipSpace(cursor);
    if (cursor.text[cursor.at] === close) break;
    if (commas < items.length) throw unexpected(cursor, `"," or "${close}"`);
    items.push(item());
    if (take(cursor, /,/y)) commas += 1;
  }
  cursor.at += 1;
  return { items, commas };
}

function readEntry(cursor: Cursor, item: () => PythonValue): readonly [string, PythonValue] {
  const key = takePythonString(cursor);
  if (key === undefined) throw unexpected(cursor, "a string as key");
  if (!take(cursor, /:/y)) throw unexpected(cursor, '":"');
  return [key, item()];
}

/** Python's None while parsing, where undefined means that nothing was read. */
const NONE = Symbol("None");

function takeAtom(cursor: Cursor): string | number | boolean | typeof NONE | undefined {
  const name = take(cursor, /(?:True|False|None)(?![\p{L}\p{N}_])/uy)?.[0];
  if (name !== undefined) return name === "None" ? NONE : name === "True";
  return takePythonString(cursor) ?? takeNumber(cursor);
}

function takeNumber(cursor: Cursor): number | undefined {
  const start = cursor.at;
  const [, sign, digits] = take(cursor, NUMBER) ?? [];
  if (digits === undefined) return undefined;
  const value = Number(digits.replaceAll("_", ""));
  const isFloat = /^[\d_]*(?:\.|[eE])/.test(digits);
  const padded = !isFloat && /^0[\d_]*[1-9]/.test(digits);
  if (padded || take(cursor, /[\p{L}\p{N}_.]/uy)) throw unexpected({ ...cursor, at: start }, "a number");
  if (!isFloat && !Number.isSafeInteger(value)) throw unexpected({ ...cursor, at: start }, "an integer below 2^53");
  // Python's integers have no negative zero.
  return sign === "-" && (isFloat || value !== 0) ? -value : value;
}

const NUMBER = numberPattern();

function numberPattern(): RegExp {
  const digits = "\\d(?:_?\\d)*";
  const decimal = `(?:${digits}(?:\\.(?:${digits})?)?|\\.${digits})(?:[eE][+-]?${digits})?`;
  return new RegExp(`(?:([+-])[ \\t]*)?(0[xX](?:_?[\\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|${decimal})`, "y");
}

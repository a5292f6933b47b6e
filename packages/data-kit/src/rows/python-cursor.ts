import { MlanError } from "@mlan/core";

/** A place in a text that is being read. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** What the sticky pattern matches at the cursor, which then stands behind it; undefined when it does not match there. */
export function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found === null) return undefined;
  cursor.at += found[0].length;
  return found;
}

/** Moves behind white space, line continuations and comments. */
export function skipSpace(cursor: Cursor): void {
  take(cursor, SPACE);
}

/** Tells what was expected at a place, by default at the cursor. */
export function unexpected({ text, at }: Cursor, expected: string, place: number = at): MlanError {
  const found = at < text.length ? JSON.stringify(text.slice(at, at + SHOWN)) : "the end";
  return new MlanError("invalid-data", `Python literal, character ${place + 1}: expected ${expected}, found ${found}`);
}

const SHOWN = 12;
const SPACE = /(?:[ \t\f\r\n]|\\\r?\n|#[^\n]*)*/y;

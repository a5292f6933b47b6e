import { MlanError } from "@mlan/core";

/** A position in a text that is being parsed. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** Matches a sticky pattern at the cursor and moves the cursor past the match. Undefined without a match. */
export function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text);
  if (found === null) return undefined;
  cursor.at += found[0].length;
  return found;
}

/** Moves past whitespace, line continuations and comments. */
export function skipSpace(cursor: Cursor): void {
  take(cursor, SPACE);
}

/** Returns the error for an unexpected character at a position. Default: the cursor. */
export function unexpected({ text, at }: Cursor, expected: string, place: number = at): MlanError {
  const found = at < text.length ? JSON.stringify(text.slice(at, at + SHOWN)) : "the end";
  return new MlanError("invalid-data", `Python literal, character ${place + 1}: expected ${expected}, found ${found}`);
}

const SHOWN = 12;
const SPACE = /(?:[ \t\f\r\n]|\\\r?\n|#[^\n]*)*/y;

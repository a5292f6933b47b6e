import { messageOf, MlanError } from "@mlan/core";
import { readFile } from "node:fs/promises";
import { badRow } from "./check-row.ts";

/** A row as it was parsed, with its line in a file of lines (counted from 1). */
interface RawRow {
  readonly value: unknown;
  readonly line?: number;
}

/** The rows of one file. */
export interface RawRows {
  readonly rows: readonly RawRow[];
  /** The columns of the file; in JSON those that any row has. */
  readonly columns: readonly string[];
}

/** The rows of a file that holds one JSON array. */
export async function readJsonArray(speaker: string, file: URL, name: string): Promise<RawRows> {
  let rows: unknown;
  try {
    rows = JSON.parse(utf8.decode(await readFile(file)));
  } catch (cause) {
    const message = `${speaker}: ${name} cannot be read as JSON (${messageOf(cause)}); is the file whole?`;
    throw new MlanError("invalid-data", message, { cause });
  }
  if (!Array.isArray(rows)) {
    throw new MlanError("invalid-data", `${speaker}: ${name} holds ${typeof rows}, not the array of rows it should.`);
  }
  return withColumns(rows.map((value: unknown) => ({ value })));
}

/** The rows of a file that holds one JSON value per line; blank lines do not count. */
export async function readJsonLines(speaker: string, file: URL, name: string): Promise<RawRows> {
  const rows: RawRow[] = [];
  let line = 0;
  for (const bytes of linesOf(await readFile(file))) {
    line += 1;
    try {
      const text = utf8.decode(bytes);
      if (text.trim() !== "") rows.push({ value: JSON.parse(text), line });
    } catch (cause) {
      throw badRow({ speaker, file: name, row: rows.length, line }, `: it is not JSON (${messageOf(cause)})`, cause);
    }
  }
  return withColumns(rows);
}

function withColumns(rows: readonly RawRow[]): RawRows {
  const columns = new Set<string>();
  for (const { value } of rows) {
    if (typeof value === "object" && value !== null) for (const name of Object.keys(value)) columns.add(name);
  }
  return { rows, columns: [...columns] };
}

/** Throws on bytes that are not UTF-8; drops a byte order mark. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Cut at LF bytes alone: U+2028 and a bare CR may stand inside a JSON string or between its tokens. */
function* linesOf(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start);
    yield bytes.subarray(start, end < 0 ? bytes.length : end);
    start = end < 0 ? bytes.length : end + 1;
  }
}

import { messageOf, MlanError } from "@mlan/core";
import { createReadStream } from "node:fs";
import { crc32 } from "node:zlib";
import { badRow, type RowPlace } from "./check-row.ts";
import { fileBytes } from "./file-bytes.ts";
import { parseJson } from "./json-value.ts";
import type { RawRow, RowFile, RowParser } from "./row-file.ts";
import { splitArray } from "./split-array.ts";
import { splitLines } from "./split-lines.ts";
import { type Piece, SplitError, type Splitter, WRITE_AGAIN } from "./split-text.ts";
import { tableParser } from "./table-parser.ts";

/** How to split a text file into rows and parse them. */
export interface TextFormat {
  readonly splitter: Splitter;
  readonly parser: RowParser;
}

export const jsonArray = (): TextFormat => ({ splitter: splitArray(), parser: jsonParser });
export const jsonLines = (): TextFormat => ({
  splitter: splitLines({ quotes: false }),
  parser: jsonParser,
});
export const table = (): TextFormat => ({ splitter: splitLines({ quotes: true }), parser: tableParser() });

const jsonParser: RowParser = {
  format: "JSON",
  parse: (text) => (text.trim() === "" ? undefined : { value: parseJson(text) }),
};

/**
 * Returns the rows of a text file of any size. Scanning records the position and checksum of each row; a row is read
 * from the file when needed.
 */
export function textRows(errorPrefix: string, file: URL, name: string, format: TextFormat): RowFile {
  const { splitter, parser } = format;
  const columns = new Set<string>();
  const known: KnownRows = { starts: [], lengths: [], checksums: [], lines: [] };
  const bytesAt = fileBytes(file);
  const placeOf = (row: number, line: number | undefined): RowPlace => ({
    errorPrefix,
    file: name,
    row,
    ...(line !== undefined && { line }),
  });

  function rowOf({ bytes, start, line }: Piece, last: boolean): RawRow | undefined {
    const place = placeOf(known.starts.length, line);
    const parsed = parse(parser, bytes, place, last);
    if (parsed === undefined) return undefined;
    known.starts.push(start);
    known.lengths.push(bytes.length);
    known.checksums.push(crc32(bytes));
    known.lines.push(line);
    if (typeof parsed.value === "object" && parsed.value !== null) {
      for (const column of Object.keys(parsed.value)) columns.add(column);
    }
    return { value: parsed.value, ...(line !== undefined && { line }) };
  }

  /** Yields the rows that `split` returns. `last`: whether the end of the file ends the row. */
  function* rowsOf(split: () => Iterable<Piece>, last: boolean): Generator<RawRow> {
    for (const piece of namingProblems(split)) {
      const row = rowOf(piece, last);
      if (row !== undefined) yield row;
    }
  }

  function* namingProblems(split: () => Iterable<Piece>): Generator<Piece> {
    try {
      yield* split();
    } catch (cause) {
      if (!(cause instanceof SplitError)) throw cause;
      const { message, remedy } = cause;
      throw badRow(placeOf(known.starts.length, undefined), `: ${message}`, { cause, ...(remedy && { remedy }) });
    }
  }

  return {
    ...(parser.textCells && { textCells: true }),
    columns: () => parser.columns ?? [...columns],
    async *scan() {
      for await (const chunk of createReadStream(file, { highWaterMark: CHUNK }))
        yield* rowsOf(() => splitter.push(chunk), false);
      yield* rowsOf(() => splitter.end(), true);
    },
    async at(index) {
      const { starts, lengths, checksums } = known;
      const [start = 0, length = 0, line] = [starts[index], lengths[index], known.lines[index]];
      const bytes = await bytesAt(start, length);
      if (bytes.length !== length || crc32(bytes) !== checksums[index]) {
        const message = `${errorPrefix}: ${name} has changed since it was opened (row ${index}); restore it, or start again.`;
        throw new MlanError("invalid-data", message);
      }
      return { value: parse(parser, bytes, placeOf(index, line), false)?.value, ...(line !== undefined && { line }) };
    },
  };
}

/** The positions and checksums of rows. Lists of numbers with one entry per row, because a million rows are common. */
interface KnownRows {
  readonly starts: number[];
  readonly lengths: number[];
  readonly checksums: number[];
  readonly lines: (number | undefined)[];
}

const CHUNK = 2 ** 20;

/** A decoder that throws for bytes that are not UTF-8, and drops a byte order mark. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

function parse(
  parser: RowParser,
  bytes: Uint8Array,
  place: RowPlace,
  last: boolean,
): { readonly value: unknown } | undefined {
  try {
    return parser.parse(utf8.decode(bytes));
  } catch (cause) {
    const problem = `: it is not ${parser.format} (${messageOf(cause)})`;
    if (!last) throw badRow(place, problem, { cause });
    const cut = `${problem}, and the file ends in it, without a line feed: it may have been truncated`;
    throw badRow(place, cut, { cause, remedy: `${WRITE_AGAIN}, or correct that row` });
  }
}

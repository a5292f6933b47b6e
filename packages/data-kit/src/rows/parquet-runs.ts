import { MlanError } from "@mlan/core";
import type { ColumnMetaData, PageHeader, SchemaTree } from "hyparquet";
import { decompressPage } from "hyparquet/src/datapage.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from "hyparquet/src/schema.js";
import { readVarInt } from "hyparquet/src/thrift.js";
import { boundedCompressors } from "./parquet-compressors.ts";

/** The properties of a column that are needed to decode the runs in its pages. */
export interface RunsColumn {
  readonly chunk: ColumnMetaData;
  /** The column's path in the schema, from the root. */
  readonly schemaPath: SchemaTree[];
}

/**
 * Checks the run lengths inside a data page against its number of values. The decoder trusts them, and a run of two
 * billion levels would fill the memory. Throws an Error that describes the problem. Returns the number of stored values
 * of a version-2 page, and undefined for other pages.
 */
export function checkRuns(packed: Uint8Array, header: PageHeader, column: RunsColumn): number | undefined {
  if (header.data_page_header) checkFirstVersion(packed, header, column);
  return header.data_page_header_v2 && checkSecondVersion(packed, header, header.data_page_header_v2, column);
}

/**
 * Checks a version-1 page. Levels and values are compressed together, and each kind of levels is preceded by its
 * length.
 */
function checkFirstVersion(packed: Uint8Array, header: PageHeader, column: RunsColumn): void {
  const { num_values: values = 0, encoding = "PLAIN" } = header.data_page_header ?? {};
  const { repetition, definition } = levelsOf(column);
  if (repetition === 0 && definition === 0 && !hasRuns(encoding)) return;
  const reader = readerOf(unpacked(packed, header.uncompressed_page_size, column));
  if (repetition > 0) walkSized(reader, { width: bitsOf(repetition), values });
  const filled = definition > 0 ? walkSized(reader, { width: bitsOf(definition), values, sought: definition }) : values;
  checkValues(reader, { encoding, filled, column });
}

type SecondVersion = NonNullable<PageHeader["data_page_header_v2"]>;

/**
 * Checks a version-2 page and returns its number of stored values. Uncompressed levels come first; the header contains
 * their lengths. The header's null count is not trusted, because not every writer counts empty lists and missing
 * parents.
 */
function checkSecondVersion(packed: Uint8Array, header: PageHeader, page: SecondVersion, column: RunsColumn): number {
  const { repetition, definition } = levelsOf(column);
  const { num_values: values, definition_levels_byte_length: length } = page;
  const start = page.repetition_levels_byte_length;
  if (repetition > 0) walk(readerOf(packed), { width: bitsOf(repetition), values });
  const levels = readerOf(packed.subarray(start));
  const filled = definition > 0 ? walk(levels, { width: bitsOf(definition), values, sought: definition }) : values;
  if (!hasRuns(page.encoding) || filled === 0) return filled;
  const rest = packed.subarray(start + length);
  const size = header.uncompressed_page_size - start - length;
  const reader = readerOf(page.is_compressed === false ? rest : unpacked(rest, size, column));
  checkValues(reader, { encoding: page.encoding, filled, column });
  return filled;
}

interface Values {
  readonly encoding: string;
  /** Number of values that are not null. */
  readonly filled: number;
  readonly column: RunsColumn;
}

/** Checks dictionary indices or booleans. */
function checkValues(reader: Reader, { encoding, filled, column }: Values): void {
  if (!hasRuns(encoding) || filled === 0) return;
  if (column.chunk.type === "BOOLEAN") return void walkSized(reader, { width: 1, values: filled });
  const width = reader.view.getUint8(reader.offset++);
  if (width > WIDEST) throw damaged(`has dictionary indices of ${width} bits`);
  if (width > 0) walk(reader, { width, values: filled });
}

function hasRuns(encoding: string): boolean {
  return encoding === "RLE" || encoding === "RLE_DICTIONARY" || encoding === "PLAIN_DICTIONARY";
}

interface Reader {
  readonly view: DataView;
  offset: number;
}

interface Runs {
  /** Number of bits per value. */
  readonly width: number;
  readonly values: number;
  readonly sought?: number;
}

/** Walks over runs that are preceded by their length in bytes. Returns how often the sought value occurs. */
function walkSized(reader: Reader, runs: Runs): number {
  const length = reader.view.getUint32(reader.offset, true);
  reader.offset += 4;
  const end = reader.offset + length;
  const found = walk(reader, runs);
  reader.offset = end;
  return found;
}

/** Returns how often the sought value occurs. Throws when a run is longer than the number of values left. */
function walk(reader: Reader, { width, values, sought }: Runs): number {
  let [seen, found] = [0, 0];
  while (seen < values) {
    const header = readVarInt(reader);
    const isPacked = (header & 1) === 1;
    const count = isPacked ? (header >>> 1) * 8 : header >>> 1;
    const most = values - seen + (isPacked ? PADDING : 0);
    if (count > most) throw damaged(`claims a run of ${count} for ${values - seen} values`);
    const counted = Math.min(count, values - seen);
    if (isPacked) {
      if (sought !== undefined) found += packedCount(reader, { width, values: counted, sought });
      reader.offset += (count / 8) * width;
    } else {
      const value = runValue(reader, width);
      if (value === sought) found += counted;
    }
    seen += counted;
  }
  return found;
}

function runValue(reader: Reader, width: number): number {
  let value = 0;
  for (let shift = 0; shift < width; shift += 8) value |= reader.view.getUint8(reader.offset++) << shift;
  return value;
}

/** Returns how many bit-packed values equal the sought value. Bytes that a writer omitted at the end count as 0. */
function packedCount({ view, offset }: Reader, { width, values, sought }: Required<Runs>): number {
  let found = 0;
  for (let index = 0; index < values; index++) {
    let value = 0;
    for (let bit = 0; bit < width; bit++) {
      const place = index * width + bit;
      const byte = offset + (place >> 3);
      if (byte < view.byteLength) value |= ((view.getUint8(byte) >> (place & 7)) & 1) << bit;
    }
    if (value === sought) found++;
  }
  return found;
}

/** Maximum number of padding values. The last run is padded to a multiple of 8, and by some writers further. */
const PADDING = 512;
const WIDEST = 32;

function levelsOf({ schemaPath }: RunsColumn): { readonly repetition: number; readonly definition: number } {
  return { repetition: getMaxRepetitionLevel(schemaPath), definition: getMaxDefinitionLevel(schemaPath) };
}

function bitsOf(level: number): number {
  return 32 - Math.clz32(level);
}

function readerOf(bytes: Uint8Array): Reader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}

function unpacked(bytes: Uint8Array, size: number, { chunk }: RunsColumn): Uint8Array {
  return decompressPage(bytes, size, chunk.codec, boundedCompressors);
}

function damaged(problem: string): MlanError {
  return new MlanError("invalid-data", problem);
}

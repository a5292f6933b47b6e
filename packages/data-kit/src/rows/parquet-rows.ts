import { messageOf, MlanError } from "@mlan/core";
import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaElement,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { fileURLToPath } from "node:url";
import { identities } from "../images/image-identity.ts";
import type { ImageStore } from "../images/image-store.ts";
import type { RawRows } from "./json-rows.ts";
import { groupCells } from "./parquet-cells.ts";
import { imageOfCell, rowsWithoutImage } from "./parquet-images.ts";

export interface ParquetColumns {
  /** The columns to read; those that the file lacks are left out of the rows. */
  readonly columns: readonly string[];
  /** The one of them that holds images, as `{ bytes, path }`, as bytes, or as names of files. */
  readonly image?: string;
  /** Whether rows may have no image. */
  readonly nullable?: boolean;
  /** Look at every image now: null stands where there is none, and the others know what equal ones share. */
  readonly identify?: boolean;
}

/**
 * The rows of a Parquet file; a cell without a value is null. Images stay in the file: their row group is read when one
 * of them is, and is kept only as long as there is room (256 MiB per file).
 */
export async function readParquet(
  speaker: string,
  file: URL,
  name: string,
  { columns, image, nullable = false, identify = false }: ParquetColumns,
  store: ImageStore,
): Promise<RawRows> {
  try {
    const buffer = await asyncBufferFromFile(fileURLToPath(file));
    const metadata = await parquetMetadataAsync(buffer);
    const found = parquetSchema(metadata).children.map(({ element }) => element.name);
    const binaryImage = image !== undefined && isBinary(elementOf(metadata, image)) ? image : undefined;
    const present = columns.filter((column) => column !== binaryImage && found.includes(column));
    const source = { file: buffer, metadata, compressors, utf8: false };
    // With no column left to read, hyparquet gives no rows at all; the count of them is in the metadata.
    const read: Record<string, unknown>[] =
      present.length > 0
        ? await parquetReadObjects({ ...source, columns: present })
        : Array.from({ length: Number(metadata.num_rows) }, () => ({}));
    const rows = read.map((row) => Object.fromEntries(present.map((column) => [column, plain(row[column])])));
    if (binaryImage === undefined) return { columns: found, rows: rows.map((value) => ({ value })) };
    const readImages = (rowStart: number, rowEnd: number): Promise<Record<string, unknown>[]> =>
      parquetReadObjects({ ...source, columns: [binaryImage], rowStart, rowEnd });
    const cells = groupCells(metadata, readImages);
    const cell = async (index: number): Promise<unknown> => (await cells(index))[binaryImage];
    const identified = identify ? await identities(rows.length, cell) : undefined;
    const without = identified
      ? new Set<number>()
      : await rowsWithoutImage(metadata, binaryImage, nullable, readImages);
    const imageOf = (index: number): unknown => {
      const identity = identified?.[index];
      if (identity === null || without.has(index)) return null;
      const image = imageOfCell(speaker, `${name}#${index}`, () => cell(index), store);
      return identity ? { ...image, identity } : image;
    };
    return {
      columns: found,
      rows: rows.map((row, index) => ({ value: { ...row, [binaryImage]: imageOf(index) } })),
    };
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    const message = `${speaker}: ${name} cannot be read as Parquet (${messageOf(cause)}); is the file whole?`;
    throw new MlanError("invalid-data", message, { cause });
  }
}

function elementOf(metadata: FileMetaData, column: string): SchemaElement | undefined {
  return parquetSchema(metadata).children.find(({ element }) => element.name === column)?.element;
}

/** A structure, or bytes that are not marked as text. */
function isBinary(element: SchemaElement | undefined): boolean {
  if (element === undefined) return false;
  const text = element.converted_type === "UTF8" || element.logical_type?.type === "STRING";
  return (element.num_children ?? 0) > 0 || (element.type === "BYTE_ARRAY" && !text);
}

/** 64-bit integers become numbers where those are exact; what has no value becomes null, as in JSON. */
function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

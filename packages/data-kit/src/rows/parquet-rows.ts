import { type ImageReference, messageOf, MlanError } from "@mlan/core";
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
import type { RawRow } from "./json-rows.ts";
import { groupCells } from "./parquet-cells.ts";

export interface ParquetColumns {
  /** The columns to read; those that the file lacks are left out of the rows. */
  readonly columns: readonly string[];
  /** The one of them that holds images, as `{ bytes, path }`, as bytes, or as names of files. */
  readonly image?: string;
  /** Look at every image now: null stands where there is none, and the others know what equal ones share. */
  readonly identify?: boolean;
}

/**
 * The rows of a Parquet file. Images stay in the file: their row group is read when one of them is, and is kept only as
 * long as there is room (256 MiB per file).
 */
export async function readParquet(
  speaker: string,
  file: URL,
  name: string,
  { columns, image, identify = false }: ParquetColumns,
  store: ImageStore,
): Promise<readonly RawRow[]> {
  try {
    const buffer = await asyncBufferFromFile(fileURLToPath(file));
    const metadata = await parquetMetadataAsync(buffer);
    const binaryImage = image !== undefined && isBinary(elementOf(metadata, image)) ? image : undefined;
    const present = columns.filter((column) => column !== binaryImage && elementOf(metadata, column) !== undefined);
    const source = { file: buffer, metadata, compressors, utf8: false };
    // With no column left to read, hyparquet gives no rows at all; the count of them is in the metadata.
    const rows: Record<string, unknown>[] =
      present.length > 0
        ? await parquetReadObjects({ ...source, columns: present })
        : Array.from({ length: Number(metadata.num_rows) }, () => ({}));
    if (binaryImage === undefined) return rows.map((row) => ({ value: plain(row) }));
    const cells = groupCells(metadata, (rowStart, rowEnd) =>
      parquetReadObjects({ ...source, columns: [binaryImage], rowStart, rowEnd }),
    );
    const cell = async (index: number): Promise<unknown> => (await cells(index))[binaryImage];
    const identified = identify ? await identities(rows.length, cell) : undefined;
    return rows.map((row, index) => {
      const image = imageOf(speaker, `${name}#${index}`, () => cell(index), store);
      const identity = identified?.[index];
      const known = identity ? { ...image, identity } : image;
      return { value: { ...Object(plain(row)), [binaryImage]: identity === null ? null : known } };
    });
  } catch (cause) {
    if (MlanError.is(cause)) throw cause;
    const message = `${speaker}: ${name} cannot be read as Parquet (${messageOf(cause)}); is the file whole?`;
    throw new MlanError("invalid-data", message, { cause });
  }
}

function imageOf(speaker: string, name: string, cell: () => Promise<unknown>, store: ImageStore): ImageReference {
  return {
    name,
    async read() {
      let value: unknown;
      try {
        value = await cell();
      } catch (cause) {
        throw new MlanError("invalid-data", `${speaker}: image ${name} cannot be read (${messageOf(cause)}).`, {
          cause,
        });
      }
      const { bytes, path }: { bytes?: unknown; path?: unknown } =
        value instanceof Uint8Array ? { bytes: value } : Object(value);
      if (bytes instanceof Uint8Array) return bytes;
      if (typeof path === "string") return store.image(path).read();
      throw new MlanError("invalid-data", `${speaker}: ${name} holds no image: neither bytes nor a path.`);
    },
  };
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

/** 64-bit integers become numbers: the columns in use count rows, not atoms. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

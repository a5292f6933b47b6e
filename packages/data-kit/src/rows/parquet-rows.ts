import { messageOf, MlanError } from "@mlan/core";
import type { SchemaTree } from "hyparquet";
import { open } from "node:fs/promises";
import type { ImageStore } from "../images/image-store.ts";
import { openParquet, type ParquetFile } from "./parquet-file.ts";
import { imageKind, imagesOfColumn } from "./parquet-images.ts";
import type { RawRow, RowFile } from "./row-file.ts";

export interface ParquetColumns {
  /** The columns to read. Columns that the file lacks are left out of the rows. */
  readonly columns: readonly string[];
  /** The columns that hold images: `{ bytes, path }`, bytes, file names, or lists of these. */
  readonly images: readonly ParquetImages[];
}

interface ParquetImages {
  readonly column: string;
  /** Whether rows may have no image. */
  readonly nullable: boolean;
  /** Whether to read every image now, for its identity. */
  readonly identify: boolean;
}

/**
 * Returns the rows of a Parquet file. Missing values are null. All columns except images are kept in memory. Reading an
 * image reads its row group; up to 256 MiB of row groups are kept.
 */
export async function parquetRows(
  errorPrefix: string,
  file: URL,
  name: string,
  wanted: ParquetColumns,
  store: ImageStore,
): Promise<RowFile> {
  try {
    const parquet = await openParquet(file);
    const present = wanted.columns.flatMap(
      (name) => parquet.columns.find(({ element }) => element.name === name) ?? [],
    );
    const ofImages = (tree: SchemaTree): boolean =>
      wanted.images.some(({ column }) => column === tree.element.name) && imageKind(tree) !== undefined;
    const named = present.filter(ofImages).length > 1;
    const valuesOf = await Promise.all(
      present.map(async (tree) => {
        const column = tree.element.name;
        const images = wanted.images.find((one) => one.column === column);
        const kind = images && imageKind(tree);
        if (images === undefined || kind === undefined) return [column, await plainColumn(parquet, tree)] as const;
        const source = {
          errorPrefix,
          name,
          column,
          metadata: parquet.metadata,
          read: (start: number, end: number) => parquet.read(column, start, end),
        };
        return [column, await imagesOfColumn(source, kind, { ...images, named, store })] as const;
      }),
    );
    const rowOf = (index: number): RawRow => ({
      value: Object.fromEntries(valuesOf.map(([column, valueOf]) => [column, valueOf(index)])),
    });
    return {
      columns: () => parquet.columns.map(({ element }) => element.name),
      async *scan() {
        for (let index = 0; index < parquet.rows; index++) yield rowOf(index);
      },
      at: (index) => Promise.resolve(rowOf(index)),
    };
  } catch (cause) {
    if (MlanError.is(cause) && cause.message.startsWith(errorPrefix)) throw cause;
    const cut = (await endsAsParquet(file)) ? "" : "; it does not end like a Parquet file, so it was truncated";
    const message = `${errorPrefix}: ${name} cannot be read as Parquet (${messageOf(cause)})${cut}. Download or write it again.`;
    throw new MlanError("invalid-data", message, { cause });
  }
}

/** Returns the cells of a column, read one row group at a time. */
async function plainColumn(parquet: ParquetFile, tree: SchemaTree): Promise<(index: number) => unknown> {
  const values: unknown[] = [];
  let start = 0;
  for (const group of parquet.metadata.row_groups) {
    const end = start + Number(group.num_rows);
    for (const cell of await parquet.read(tree.element.name, start, end)) {
      if (cell === undefined && tree.children.length === 0) {
        throw new MlanError("invalid-data", `row ${values.length} of column "${tree.element.name}" is damaged`);
      }
      values.push(plain(cell));
    }
    start = end;
  }
  return (index) => values[index];
}

/** Converts 64-bit integers to numbers where that is exact, and missing values to null, as in JSON. */
function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

async function endsAsParquet(file: URL): Promise<boolean> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4));
    return buffer.toString("latin1") === "PAR1";
  } finally {
    await handle.close();
  }
}

import { fingerprintOf, MlanError, type OpenOptions } from "@mlan/core";
import type { z } from "zod";
import type { Files, FileSource } from "../files/file-source.ts";
import { imageNameProblem, isImageReference } from "../images/image-reference.ts";
import { findImages, type ImagePlaces, type ImageStore } from "../images/image-store.ts";
import { accepts, badRow, checkColumns, checkRow, placeText, type RowPlace } from "./check-row.ts";
import { type RawRows, readJsonArray, readJsonLines } from "./json-rows.ts";
import { readParquet } from "./parquet-rows.ts";

/** Reads all rows of a source, checked. Creating one does nothing. */
export interface RowReader<Row> {
  /**
   * Throws `invalid-data` errors that name file, row, column, what was expected and what was found; also when a column
   * is missing, and when the files hold no rows at all.
   */
  read(options?: OpenOptions): Promise<Rows<Row>>;
}

export interface Rows<Row> {
  readonly rows: readonly Row[];
  /** Of the bytes of the files that hold the rows. */
  readonly fingerprint: string;
}

export interface RowsDefinition<Shape extends z.ZodRawShape> {
  /** Begins every error, e.g. "data-boolq". */
  readonly speaker: string;
  readonly source: FileSource;
  /**
   * Patterns, best first: all files that match the first one with any match are read, in the order of their names.
   * The extension tells the format: `.json` (an array), `.jsonl`, or `.parquet`.
   */
  readonly files: readonly string[];
  /** The columns that are used; a file may have more. */
  readonly schema: z.ZodObject<Shape>;
  /**
   * The column that holds images; the schema sees an `ImageReference` in it, or null where there is no image. With
   * `identify`, images inside Parquet files are looked at once, and `imageIdentity` tells which are equal.
   */
  readonly images?: ImagePlaces & { readonly column: string; readonly identify?: boolean };
}

/** Rows from JSON, JSONL or Parquet files. Images are not read before they are needed. */
export function rowsFrom<Shape extends z.ZodRawShape>(
  definition: RowsDefinition<Shape>,
): RowReader<z.output<z.ZodObject<Shape>>> {
  const { speaker, source, schema } = definition;
  return {
    async read(options = {}) {
      const files = await source.open(options);
      const paths = await rowFiles(definition, files);
      const store = await findImages(speaker, files, definition.images ?? {});
      const rows: z.output<z.ZodObject<Shape>>[] = [];
      const checksums: string[] = [];
      for (const path of paths) {
        options.signal?.throwIfAborted();
        const file = await files.local(path);
        checksums.push(await files.checksum(path));
        const read = await readFile(definition, file, path, store);
        if (read.rows.length > 0) checkColumns(schema, read.columns, { speaker, file: path });
        for (const [row, raw] of read.rows.entries()) {
          const place = { speaker, file: path, row, ...(raw.line !== undefined && { line: raw.line }) };
          rows.push(checkRow(schema, withImage(raw.value, definition, store, place), place));
        }
      }
      if (rows.length === 0) {
        const message = `${speaker}: ${paths.join(", ")} of ${files.place} holds no rows; name a file or folder that does.`;
        throw new MlanError("invalid-data", message);
      }
      return { rows, fingerprint: await fingerprintOf(checksums) };
    },
  };
}

async function rowFiles<Shape extends z.ZodRawShape>(
  { speaker, files: patterns }: RowsDefinition<Shape>,
  files: Files,
): Promise<readonly string[]> {
  for (const pattern of patterns) {
    const paths = await files.match(pattern);
    if (paths.length > 0) return paths;
  }
  const message = `${speaker}: ${files.place} has none of ${patterns.join(", ")}; name the folder that has, or the file itself.`;
  throw new MlanError("invalid-data", message);
}

function readFile<Shape extends z.ZodRawShape>(
  { speaker, schema, images }: RowsDefinition<Shape>,
  file: URL,
  path: string,
  store: ImageStore,
): Promise<RawRows> {
  if (path.endsWith(".jsonl")) return readJsonLines(speaker, file, path);
  if (path.endsWith(".json")) return readJsonArray(speaker, file, path);
  const image = images && {
    image: images.column,
    identify: images.identify ?? false,
    nullable: accepts(schema, images.column, { [images.column]: null }),
  };
  const columns = { columns: Object.keys(schema.shape), ...image };
  return readParquet(speaker, file, path, columns, store);
}

/** The row with an image in its image column, in the place of a name. Anything else there is left to the schema. */
function withImage<Shape extends z.ZodRawShape>(
  row: unknown,
  { images }: RowsDefinition<Shape>,
  store: ImageStore,
  place: RowPlace,
): unknown {
  if (images === undefined || typeof row !== "object" || row === null || Array.isArray(row)) return row;
  const cell: unknown = Object(row)[images.column];
  const column = `, column "${images.column}"`;
  const problem = typeof cell === "string" ? imageNameProblem(cell) : undefined;
  if (problem !== undefined) throw badRow(place, `${column}: ${problem}`);
  const image = typeof cell === "string" ? store.image(cell) : cell;
  if (!isImageReference(image)) return row;
  return { ...row, [images.column]: { ...image, origin: `${placeText(place)}${column}` } };
}

import { fingerprintOf, messageOf, MlanError, type OpenOptions } from "@mlan/core";
import type { z } from "zod";
import { contentFormat } from "../files/content-format.ts";
import type { Files, FileSource } from "../files/file-source.ts";
import { findImages, type ImagePlaces, type ImageStore } from "../images/image-store.ts";
import { accepts, checkColumns, checkRow, lacksColumns, type RowPlace } from "./check-row.ts";
import { parquetRows } from "./parquet-rows.ts";
import { withImages } from "./row-images.ts";
import type { RawRow, RowFile } from "./row-file.ts";
import { jsonArray, jsonLines, table, textRows } from "./text-rows.ts";
import { typedCells } from "./typed-cells.ts";

/** Reads and checks the rows of a source. Creating a reader has no effect. */
export interface RowReader<Row> {
  /**
   * Checks all rows and records their positions. Throws `invalid-data` with file, row, column, what was expected and
   * what was found, for a missing column, and for files without rows.
   */
  read(options?: ReadOptions<Row>): Promise<Rows<Row>>;
}

export interface ReadOptions<Row> extends OpenOptions {
  /** Called with every row in order during the check, so that rows need not be read again. */
  onRow?(row: Row, index: number): void;
}

/** Rows that are read from their files when needed. Parquet rows are in memory, except for their images. */
export interface Rows<Row> {
  readonly length: number;
  /** Identifies the bytes of the files that hold the rows. */
  readonly fingerprint: string;
  /**
   * Reads a row by index. Throws `invalid-data` when the row's file has changed since it was opened. For Parquet, only
   * reading an image throws.
   */
  at(index: number): Promise<Row>;
}

export interface RowsDefinition<Shape extends z.ZodRawShape> {
  /** The beginning of every error, e.g. "data-boolq". */
  readonly errorPrefix: string;
  readonly source: FileSource;
  /**
   * Patterns in order of preference. The first pattern that matches a file is used, and all files that match it are
   * read, in the order of their paths. `*` matches any characters except "/". JSON arrays, JSON lines and Parquet are
   * detected from the content; text tables end in `.csv` or `.tsv`.
   */
  readonly files: readonly string[];
  /** The columns to read. A file may have more columns. */
  readonly schema: z.ZodObject<Shape>;
  /**
   * Converts a row of another format to the columns of the schema, before images are resolved. In text tables, the
   * cells of the schema's columns already have their types. Must be pure.
   */
  prepare?(row: unknown): unknown;
  /**
   * The columns that hold images. The schema receives an `ImageReference`, a list of them if the row has a list, or
   * null when there is no image. With `identify`, images inside Parquet files are read once, so that `imageIdentity`
   * can find equal images.
   */
  readonly images?: ImagePlaces & { readonly column: string | readonly string[]; readonly identify?: boolean };
}

/** Returns a reader of rows in JSON, JSON lines, CSV or Parquet files. Images are read only when needed. */
export function rowsFrom<Shape extends z.ZodRawShape>(
  definition: RowsDefinition<Shape>,
): RowReader<z.output<z.ZodObject<Shape>>> {
  const { errorPrefix, source } = definition;
  return {
    async read(options = {}) {
      const files = await source.open(options);
      const paths = await rowFiles(definition, files);
      const store = await findImages(errorPrefix, files, definition.images ?? {});
      const parts: Part[] = [];
      const checksums: string[] = [];
      let length = 0;
      for (const path of paths) {
        options.signal?.throwIfAborted();
        const file = await files.local(path);
        checksums.push(await files.checksum(path));
        const part = { path, start: length, store, file: await openFile(definition, file, path, store) };
        length += await checkRows(definition, part, options);
        parts.push(part);
      }
      if (length === 0) {
        const message = `${errorPrefix}: ${paths.join(", ")} of ${files.place} holds no rows; give a file or folder that does.`;
        throw new MlanError("invalid-data", message);
      }
      return {
        length,
        fingerprint: await fingerprintOf(checksums),
        async at(index) {
          const part = parts.findLast(({ start }) => start <= index);
          if (part === undefined || index >= length) throw new RangeError(`there is no row ${index} of ${length}`);
          const row = index - part.start;
          const raw = await reading(errorPrefix, part.path, () => part.file.at(row));
          return rowOf(definition, part, raw, row);
        },
      };
    },
  };
}

/** A file of the source. `start` is the index of its first row among all rows. */
interface Part {
  readonly path: string;
  readonly start: number;
  readonly store: ImageStore;
  readonly file: RowFile;
}

async function rowFiles<Shape extends z.ZodRawShape>(
  { errorPrefix, files: patterns }: RowsDefinition<Shape>,
  files: Files,
): Promise<readonly string[]> {
  for (const pattern of patterns) {
    const paths = await files.match(pattern);
    if (paths.length > 0) return paths;
  }
  throw new MlanError(
    "invalid-data",
    `${errorPrefix}: ${files.place} has none of ${patterns.join(", ")}; it ${await contentOf(files)}. Give the folder that has ` +
      `one, or the file itself.`,
  );
}

/** Describes the first files of a folder, or of its subfolders, for an error. */
async function contentOf(files: Files): Promise<string> {
  for (const pattern of ["*", "*/*"]) {
    const all = await files.match(pattern);
    if (all.length > 0) return `has ${all.slice(0, LISTED).join(", ")}${all.length > LISTED ? ", ..." : ""}`;
  }
  return "has no files";
}

const LISTED = 8;

async function openFile<Shape extends z.ZodRawShape>(
  { errorPrefix, schema, images }: RowsDefinition<Shape>,
  file: URL,
  path: string,
  store: ImageStore,
): Promise<RowFile> {
  const format = await reading(errorPrefix, path, () => contentFormat(errorPrefix, file, path));
  if (format === "array") return textRows(errorPrefix, file, path, jsonArray());
  if (format === "lines") return textRows(errorPrefix, file, path, jsonLines());
  if (format === "table") return textRows(errorPrefix, file, path, table());
  const columns = {
    columns: Object.keys(schema.shape),
    images: imageColumnsOf(images).map((column) => ({
      column,
      identify: images?.identify ?? false,
      nullable: accepts(schema, column, { [column]: null }),
    })),
  };
  return parquetRows(errorPrefix, file, path, columns, store);
}

/** Checks all rows of a file and returns their number. */
async function checkRows<Shape extends z.ZodRawShape>(
  definition: RowsDefinition<Shape>,
  part: Part,
  { signal, onRow }: ReadOptions<z.output<z.ZodObject<Shape>>>,
): Promise<number> {
  const { errorPrefix, schema } = definition;
  const { path, start, file } = part;
  let row = 0;
  // A missing column is reported as such only if no row has it, so all rows are read before the error is thrown.
  let problem: { readonly error: unknown } | undefined;
  await reading(errorPrefix, path, async () => {
    for await (const raw of file.scan()) {
      if (row % ROWS_PER_LOOK === 0) signal?.throwIfAborted();
      if (problem && !lacksColumns(schema, file.columns())) break;
      try {
        const checked = problem ? undefined : rowOf(definition, part, raw, row);
        if (checked !== undefined) onRow?.(checked, start + row);
      } catch (error) {
        if (!lacksColumns(schema, file.columns())) throw error;
        problem = { error };
      }
      row += 1;
    }
  });
  if (row > 0) checkColumns(schema, file.columns(), { errorPrefix, file: path });
  if (problem) throw problem.error;
  return row;
}

const ROWS_PER_LOOK = 256;

function rowOf<Shape extends z.ZodRawShape>(
  { errorPrefix, schema, images, prepare }: RowsDefinition<Shape>,
  { path, store, file }: Part,
  { value, line }: RawRow,
  row: number,
): z.output<z.ZodObject<Shape>> {
  const place: RowPlace = { errorPrefix, file: path, row, ...(line !== undefined && { line }) };
  const typed = (cells: unknown): unknown =>
    file.textCells ? typedCells(schema, cells, imageColumnsOf(images)) : cells;
  // Converts again, because `prepare` may derive columns from others.
  const prepared = prepare ? typed(prepare(typed(value))) : typed(value);
  return checkRow(schema, withImages(prepared, imageColumnsOf(images), store, place), place);
}

function imageColumnsOf(images: { readonly column: string | readonly string[] } | undefined): readonly string[] {
  if (images === undefined) return [];
  return typeof images.column === "string" ? [images.column] : images.column;
}

/** Runs `read`. Throws `unavailable`, with the reason, when the file system cannot read the file. */
async function reading<Value>(errorPrefix: string, path: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (cause) {
    if (MlanError.is(cause) || typeof Object(cause).code !== "string" || Object(cause).syscall === undefined)
      throw cause;
    throw new MlanError("unavailable", `${errorPrefix}: ${path} cannot be read (${messageOf(cause)}).`, { cause });
  }
}

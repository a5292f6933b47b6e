import { type ImageReference, messageOf, MlanError } from "@mlan/core";
import type { FileMetaData, RowGroup, SchemaTree } from "hyparquet";
import { nameOfPlace } from "../images/image-name.ts";
import { type StoredImage, storedImage } from "../images/stored-image.ts";
import { identityOf } from "../images/image-identity.ts";
import type { ImageStore } from "../images/image-store.ts";
import { badRow } from "./check-row.ts";
import { groupCells } from "./parquet-cells.ts";

export interface ParquetColumn {
  /** The beginning of every error. */
  readonly errorPrefix: string;
  /** The file, for errors. */
  readonly name: string;
  readonly column: string;
  readonly metadata: FileMetaData;
  /** Returns the cells of one row group, from `rowStart` up to `rowEnd`. */
  read(rowStart: number, rowEnd: number): Promise<readonly unknown[]>;
}

export interface ImageColumnOptions {
  /** Whether rows may have no image. */
  readonly nullable: boolean;
  /** Whether to read every image now, for its identity. */
  readonly identify: boolean;
  /** Whether names of images include the column, because the file has several image columns. */
  readonly named: boolean;
  readonly store: ImageStore;
}

/** Whether a cell of the column holds one encoded image or a list of images. Undefined when it holds neither. */
export function imageKind(tree: SchemaTree): "image" | "list" | undefined {
  if (isImage(tree)) return "image";
  return tree.element.converted_type === "LIST" && isImage(listElement(tree)) ? "list" : undefined;
}

/**
 * Returns the images of a column by row; null for a row without an image. The cells are read immediately, one row group
 * at a time, if they hold lists, or if the file's statistics do not show which rows have an image; otherwise an image
 * is read when it is needed. Throws `invalid-data` for a cell that contains
 * something other than images.
 */
export async function imagesOfColumn(
  source: ParquetColumn,
  kind: "image" | "list",
  options: ImageColumnOptions,
): Promise<(row: number) => unknown> {
  const { metadata, column } = source;
  const { nullable, identify, named } = options;
  const cells = groupCells(metadata, source.read);
  const found = new Map<number, Found>();
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    const nulls = nullCount(group, column);
    if (kind === "list" || identify || (nulls === undefined ? nullable : nulls > 0n)) {
      for (const [index, cell] of (await source.read(start, end)).entries()) {
        const row = start + index;
        found.set(row, lookAt(source, row, kind, cell, identify));
      }
    }
    start = end;
  }
  return (row) => {
    const { count, identities } = found.get(row) ?? ONE;
    const image = (place?: number): ImageReference => {
      const name = nameOfPlace({ file: source.name, row, column: named ? column : undefined, index: place });
      const identity = identities?.[place ?? 0];
      const cell = async (): Promise<unknown> => {
        const value = await cells(row);
        return place === undefined || !Array.isArray(value) ? value : value[place];
      };
      return { ...imageOfCell(source.errorPrefix, name, cell, options.store), ...(identity && { identity }) };
    };
    if (kind === "list") return Array.from({ length: count }, (_, place) => image(place));
    return count === 0 ? null : image();
  };
}

interface Found {
  readonly count: number;
  /** Identities of the images in order, if requested. */
  readonly identities?: readonly string[];
}

const ONE: Found = { count: 1 };

function lookAt(source: ParquetColumn, row: number, kind: "image" | "list", cell: unknown, identify: boolean): Found {
  const images = kind === "list" && Array.isArray(cell) ? cell : [cell];
  const contents = images.map(storedImage);
  if (contents.includes(undefined)) throw notAnImage(source, row);
  const present = contents.filter((content) => content !== null && content !== undefined);
  if (present.length < images.length && images.length > 1) throw notAnImage(source, row);
  return { count: present.length, ...(identify && { identities: present.map(identityOf) }) };
}

function notAnImage({ errorPrefix, name, column }: ParquetColumn, row: number): MlanError {
  const expected = "expected an image (bytes, the name of a file, or { bytes, path })";
  return badRow({ errorPrefix, file: name, row }, `, column "${column}": ${expected}, found neither`);
}

/** Returns the image of one cell, which is read when needed. */
function imageOfCell(
  errorPrefix: string,
  name: string,
  cell: () => Promise<unknown>,
  store: ImageStore,
): ImageReference {
  const content = async (): Promise<StoredImage> => {
    let value: unknown;
    try {
      value = await cell();
    } catch (cause) {
      throw new MlanError("invalid-data", `${errorPrefix}: image ${name} cannot be read (${messageOf(cause)}).`, {
        cause,
      });
    }
    const found = storedImage(value);
    if (found) return found;
    throw new MlanError("invalid-data", `${errorPrefix}: ${name} holds no image: neither bytes nor a path.`);
  };
  return {
    name,
    async read() {
      const { bytes, path = "" } = await content();
      return bytes ?? store.image(path).read();
    },
    // The fingerprint of the row file covers these bytes.
    async find() {
      const { bytes, path = "" } = await content();
      const named = bytes ? undefined : store.image(path);
      return named?.find ? named.find() : { stamp: "", digest: "" };
    },
  };
}

/** Returns the number of cells without image bytes. Undefined when the file has no statistics. */
function nullCount(group: RowGroup, column: string): bigint | undefined {
  const path = ({ meta_data }: RowGroup["columns"][number]): readonly string[] => meta_data?.path_in_schema ?? [];
  const leaf = group.columns.find((one) => path(one)[0] === column && [undefined, "bytes"].includes(path(one)[1]));
  return leaf?.meta_data?.statistics?.null_count;
}

/** Whether a column is a struct with `bytes` or `path`, or bytes that are not marked as text. */
function isImage(tree: SchemaTree | undefined): boolean {
  if (tree === undefined) return false;
  const { element, children } = tree;
  if (children.length > 0) return children.some((child) => ["bytes", "path"].includes(child.element.name));
  const text = element.converted_type === "UTF8" || element.logical_type?.type === "STRING";
  return element.type === "BYTE_ARRAY" && !text;
}

/** Returns the element of a standard three-level list. */
function listElement(tree: SchemaTree): SchemaTree | undefined {
  return tree.children[0]?.children[0];
}

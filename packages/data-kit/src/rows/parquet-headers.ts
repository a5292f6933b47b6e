import type { ColumnMetaData, FileMetaData, PageHeader } from "hyparquet";
import { Encodings, PageTypes } from "hyparquet/src/constants.js";

/** A column chunk whose page headers may have been corrected. */
export interface RewrittenChunk {
  readonly chunk: ColumnMetaData;
  /** The chunk's bytes, in consecutive parts. */
  readonly parts: readonly Uint8Array[];
}

/**
 * Returns the header of a version-2 page with another number of nulls, in Thrift's compact protocol. The decoder needs
 * the number of missing leaves, empty lists and missing parents; some writers, including Arrow, count only missing
 * leaves.
 */
export function headerWithNulls(header: PageHeader, nulls: number): Uint8Array {
  const page = header.data_page_header_v2;
  if (page === undefined) throw new TypeError("the page is not of version 2");
  const counts = [page.num_values, nulls, page.num_rows, Encodings.indexOf(page.encoding)];
  const lengths = [page.definition_levels_byte_length, page.repetition_levels_byte_length];
  return Uint8Array.from([
    ...[PageTypes.indexOf("DATA_PAGE_V2"), header.uncompressed_page_size, header.compressed_page_size].flatMap(nextInt),
    STRUCT_5_LATER,
    ...[...counts, ...lengths].flatMap(nextInt),
    page.is_compressed === false ? NEXT_FALSE : NEXT_TRUE,
    STOP,
    STOP,
  ]);
}

/** The upper half of a field's first byte is the difference from the previous field's id. The lower half is its type. */
const NEXT_INT = 0x15;
const NEXT_TRUE = 0x11;
const NEXT_FALSE = 0x12;
const STRUCT_5_LATER = 0x5c;
const STOP = 0;

/** Returns the bytes of the next field, a non-negative i32. */
function nextInt(value: number): readonly number[] {
  const bytes = [NEXT_INT];
  let left = 2 * value; // zigzag
  for (; left > 0x7f; left = Math.floor(left / 0x80)) bytes.push((left & 0x7f) | 0x80);
  return [...bytes, left];
}

/** Returns a file that contains only these chunks, and metadata with their new positions. */
export function fileOfChunks(
  metadata: FileMetaData,
  chunks: readonly RewrittenChunk[],
): { readonly file: ArrayBuffer; readonly metadata: FileMetaData } {
  const size = chunks.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.length, FIRST_CHUNK);
  const file = new Uint8Array(size);
  const moved = new Map<ColumnMetaData, ColumnMetaData>();
  let offset = FIRST_CHUNK;
  for (const { chunk, parts } of chunks) {
    const start = offset;
    for (const part of parts) {
      file.set(part, offset);
      offset += part.length;
    }
    const { dictionary_page_offset: _, ...rest } = chunk; // a dictionary is the first page
    moved.set(chunk, { ...rest, data_page_offset: BigInt(start), total_compressed_size: BigInt(offset - start) });
  }
  const row_groups = metadata.row_groups.map((group) => ({
    ...group,
    columns: group.columns.map((column) => {
      const meta_data = column.meta_data && moved.get(column.meta_data);
      return meta_data ? { ...column, meta_data } : column;
    }),
  }));
  return { file: file.buffer, metadata: { ...metadata, row_groups } };
}

/**
 * Offset of the first chunk, after the bytes "PAR1" with which a file begins. An offset of 0 would mean that there is
 * no chunk.
 */
const FIRST_CHUNK = 4;

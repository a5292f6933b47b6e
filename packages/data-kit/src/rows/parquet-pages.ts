import { counted, MlanError } from "@mlan/core";
import type { AsyncBuffer, ColumnMetaData, FileMetaData, PageHeader, RowGroup } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { getSchemaPath } from "hyparquet/src/schema.js";
import { LARGEST_PAGE } from "./parquet-compressors.ts";
import { headerWithNulls, type RewrittenChunk } from "./parquet-headers.ts";
import { checkRuns, type RunsColumn } from "./parquet-runs.ts";

/**
 * Checks the page headers of column chunks against each other, the chunk and the file. The decoder trusts them: it
 * would never finish with a page without a size, or with a billion values. Throws an Error that describes the problem.
 * Returns the chunks, and whether any page header was corrected because of a wrong null count.
 */
export async function checkPages(
  file: AsyncBuffer,
  { schema }: FileMetaData,
  group: RowGroup,
  column: string,
): Promise<{ readonly chunks: readonly RewrittenChunk[]; readonly corrected: boolean }> {
  const chunks: RewrittenChunk[] = [];
  let corrected = false;
  for (const { meta_data: chunk } of group.columns) {
    if (chunk?.path_in_schema[0] !== column) continue;
    const schemaPath = getSchemaPath(schema, chunk.path_in_schema);
    const bytes = await bytesOf(file, chunk);
    const parts = checkChunk(bytes, { chunk, schemaPath });
    corrected ||= parts.length > 1;
    chunks.push({ chunk, parts });
  }
  return { chunks, corrected };
}

async function bytesOf(file: AsyncBuffer, chunk: ColumnMetaData): Promise<ArrayBuffer> {
  const { dictionary_page_offset: dictionary, data_page_offset: data, total_compressed_size: size } = chunk;
  const start = Number(dictionary !== undefined && dictionary > 0n && dictionary < data ? dictionary : data);
  return file.slice(start, Math.min(start + Number(size), file.byteLength));
}

/** Checks a chunk and returns its bytes: one part, or several if headers were corrected. */
function checkChunk(bytes: ArrayBuffer, column: RunsColumn): readonly Uint8Array[] {
  const { chunk } = column;
  const name = chunk.path_in_schema.join(".");
  const wanted = Number(chunk.num_values);
  const reader = { view: new DataView(bytes), offset: 0 };
  const parts: Uint8Array[] = [];
  let kept = 0;
  let values = 0;
  while (values < wanted && reader.offset < bytes.byteLength - 1) {
    const start = reader.offset;
    const header = parquetHeader(reader);
    const problem = pageProblem(header, bytes.byteLength - reader.offset);
    if (problem !== undefined) throw new MlanError("invalid-data", `a page of column "${name}" ${problem}`);
    const filled = checkRuns(new Uint8Array(bytes, reader.offset, header.compressed_page_size), header, column);
    const page = header.data_page_header_v2;
    if (page && filled !== undefined && filled !== page.num_values - page.num_nulls) {
      parts.push(new Uint8Array(bytes, kept, start - kept), headerWithNulls(header, page.num_values - filled));
      kept = reader.offset;
    }
    values += header.data_page_header?.num_values ?? header.data_page_header_v2?.num_values ?? 0;
    reader.offset += header.compressed_page_size;
  }
  if (values === wanted) return [...parts, new Uint8Array(bytes, kept)];
  throw new MlanError("invalid-data", `the pages of column "${name}" have ${counted(values, "value")} for ${wanted}`);
}

function pageProblem(header: PageHeader, left: number): string | undefined {
  const { type, compressed_page_size: packed, uncompressed_page_size: size } = header;
  if (!isCount(packed, left)) return `claims ${packed} of ${counted(left, "byte")} left`;
  if (!isCount(size, LARGEST_PAGE)) return `claims to unpack to ${size} bytes`;
  if (type === "DICTIONARY_PAGE") {
    const count = header.dictionary_page_header?.num_values;
    return isCount(count, size) ? undefined : `claims ${count} dictionary entries in ${size} bytes`;
  }
  if (type === "DATA_PAGE") return countProblem(header.data_page_header);
  if (type !== "DATA_PAGE_V2") return undefined;
  const page = header.data_page_header_v2;
  const levels = [page?.definition_levels_byte_length, page?.repetition_levels_byte_length];
  if (!levels.every((length) => isCount(length, packed))) return `claims levels of ${levels.join(" and ")} bytes`;
  if (!isCount(page?.num_nulls, page?.num_values ?? 0)) return `claims ${page?.num_nulls} nulls`;
  return countProblem(page);
}

function countProblem(
  page: { readonly num_values: number; readonly encoding: unknown } | undefined,
): string | undefined {
  if (page === undefined || !isCount(page.num_values, MOST_VALUES)) return `claims ${page?.num_values} values`;
  return typeof page.encoding === "string" ? undefined : "has no known encoding";
}

const MOST_VALUES = 2 ** 28;

/**
 * Whether a field is a whole number of at most `most`. Despite its TypeScript type, a header may lack a field or have
 * one of another type.
 */
function isCount(value: unknown, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
}

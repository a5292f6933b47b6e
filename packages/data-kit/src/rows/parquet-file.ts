import { counted, fileState, MlanError } from "@mlan/core";
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  type ParquetReadOptions,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from "hyparquet";
import { fileURLToPath } from "node:url";
import { boundedCompressors } from "./parquet-compressors.ts";
import { fileOfChunks, type RewrittenChunk } from "./parquet-headers.ts";
import { checkPages } from "./parquet-pages.ts";

/** An open Parquet file. Its footer has been checked. */
export interface ParquetFile {
  readonly metadata: FileMetaData;
  readonly rows: number;
  /** The columns at the top level of the schema. */
  readonly columns: readonly SchemaTree[];
  /**
   * Returns the cells of a column from row `start` up to row `end`, both at row group boundaries. Throws when the file
   * has changed since it was opened.
   */
  read(column: string, start: number, end: number): Promise<readonly unknown[]>;
}

/** Opens a Parquet file. Throws an Error that describes what is wrong with the file. */
export async function openParquet(file: URL): Promise<ParquetFile> {
  const opened = await fileState(file);
  const buffer = await asyncBufferFromFile(fileURLToPath(file));
  const metadata = await parquetMetadataAsync(buffer, { geoparquet: false });
  const rows = checkFooter(metadata, buffer.byteLength);
  const checkUnchanged = async (): Promise<void> => {
    if ((await fileState(file)) === opened) return;
    throw new MlanError("invalid-data", "its file has changed since it was opened; restore it, or start again");
  };
  return {
    metadata,
    rows,
    columns: parquetSchema(metadata).children,
    async read(column, start, end) {
      await checkUnchanged();
      const cells = await readCells(buffer, metadata, column, start, end);
      await checkUnchanged(); // it may have been written to meanwhile
      return cells;
    },
  };
}

async function readCells(
  file: AsyncBuffer,
  metadata: FileMetaData,
  column: string,
  rowStart: number,
  rowEnd: number,
): Promise<readonly unknown[]> {
  if (rowEnd <= rowStart) return [];
  const source = await checkedSource(file, metadata, column, groupsBetween(metadata, rowStart, rowEnd));
  const cells: unknown[] = [];
  let found = 0;
  let outside = false;
  await parquetRead({
    ...source,
    compressors: boundedCompressors,
    utf8: false,
    columns: [column],
    rowStart,
    rowEnd,
    onChunk({ columnData, rowStart: first }) {
      found += columnData.length;
      outside ||= first < rowStart || first + columnData.length > rowEnd;
      if (!outside)
        for (let index = 0; index < columnData.length; index++) cells[first - rowStart + index] = columnData[index];
    },
  });
  if (found === rowEnd - rowStart && !outside) return cells;
  throw damaged(
    `column "${column}" has ${counted(found, "cell")} for the ${counted(rowEnd - rowStart, "row")} from row ${rowStart} on`,
  );
}

/**
 * Returns the file, or a copy in memory in which page headers were corrected. Throws an Error that describes what is
 * wrong with the pages.
 */
async function checkedSource(
  file: AsyncBuffer,
  metadata: FileMetaData,
  column: string,
  groups: readonly RowGroup[],
): Promise<Pick<ParquetReadOptions, "file"> & { metadata: FileMetaData }> {
  const chunks: RewrittenChunk[] = [];
  let anyCorrected = false;
  for (const group of groups) {
    const checked = await checkPages(file, metadata, group, column);
    chunks.push(...checked.chunks);
    anyCorrected ||= checked.corrected;
  }
  return anyCorrected ? fileOfChunks(metadata, chunks) : { file, metadata };
}

function groupsBetween({ row_groups }: FileMetaData, rowStart: number, rowEnd: number): readonly RowGroup[] {
  let start = 0;
  return row_groups.filter((group) => {
    const first = start;
    start += Number(group.num_rows);
    return first < rowEnd && start > rowStart;
  });
}

/** Returns the number of rows. Throws when the footer contradicts itself. */
function checkFooter({ num_rows, row_groups }: FileMetaData, fileBytes: number): number {
  const inGroups = row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (num_rows !== inGroups) throw damaged(`its footer counts ${num_rows} rows, its row groups ${inGroups}`);
  const negative = row_groups.some((group) => group.num_rows < 0n);
  const most = BigInt(Math.max(FEW_ROWS, fileBytes * MOST_ROWS_PER_BYTE));
  if (negative || num_rows > most) throw damaged(`its footer counts ${num_rows} rows`);
  for (const { columns } of row_groups) {
    for (const { meta_data } of columns) {
      if (meta_data === undefined) throw damaged("a column has no metadata");
      const { total_compressed_size: size, data_page_offset: offset, path_in_schema: path, num_values } = meta_data;
      if (num_values < 0n || num_values > most) throw damaged(`column "${path.join(".")}" claims ${num_values} values`);
      if (size < 0n || offset < 0n || offset + size > BigInt(fileBytes) + SLACK) {
        throw damaged(`column "${path.join(".")}" reaches beyond the file's ${fileBytes} bytes`);
      }
    }
  }
  return Number(num_rows);
}

/**
 * Number of rows that a file of any size may have. Identical rows take almost no bytes, so the size of a file does not
 * limit its number of rows.
 */
const FEW_ROWS = 2 ** 20;
const MOST_ROWS_PER_BYTE = 64;
/** Allowed excess in bytes, because some writers count the dictionary page twice. */
const SLACK = 2n ** 20n;

function damaged(problem: string): MlanError {
  return new MlanError("invalid-data", problem);
}

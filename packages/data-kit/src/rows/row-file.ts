/** A parsed row, with its line in a file of lines (counted from 1). */
export interface RawRow {
  readonly value: unknown;
  readonly line?: number;
}

/** The rows of one file, read when needed. */
export interface RowFile {
  /** Whether every cell is text, even where a schema expects a number, a boolean or a list. */
  readonly textCells?: boolean;
  /**
   * Yields all rows in order. Called once, before {@link RowFile.at}. Throws `invalid-data` errors that name the row.
   */
  scan(): AsyncIterable<RawRow>;
  /** The columns of the rows read so far; in Parquet and text tables, the columns of the file. */
  columns(): readonly string[];
  /**
   * Reads the row at an index. Throws an `invalid-data` error when the file has changed since it was scanned. Parquet
   * keeps its rows in memory, so that only reading its images throws.
   */
  at(index: number): Promise<RawRow>;
}

/** Parses one row of a text file. */
export interface RowParser {
  /** The columns of the file, when the file itself names them. */
  readonly columns?: readonly string[];
  readonly textCells?: boolean;
  /** The name of the format in messages such as "it is not JSON". */
  readonly format: string;
  /** Returns the row; undefined for a text without a row. Throws when the text is not in the format. */
  parse(text: string): { readonly value: unknown } | undefined;
}

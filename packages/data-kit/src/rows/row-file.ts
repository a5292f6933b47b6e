/** A parsed row, and its line in a file of lines, counted from 1. */
export interface RawRow {
  readonly value: unknown;
  readonly line?: number;
}

/** The rows of one file, read when needed. */
export interface RowFile {
  /** Whether every cell is text, even where a schema expects a number, a boolean or a list. */
  readonly textCells?: boolean;
  /** Yields all rows in order. Called once, before {@link RowFile.at}. Throws `invalid-data` with the row's number. */
  scan(): AsyncIterable<RawRow>;
  /** Returns the columns of the rows read so far. For Parquet and text tables, returns the columns of the file. */
  columns(): readonly string[];
  /**
   * Reads a row by index. Throws `invalid-data` when the file has changed since it was scanned. Parquet rows are
   * already in memory, so for them only reading an image can throw.
   */
  at(index: number): Promise<RawRow>;
}

export interface RowParser {
  /** The columns of the file, if the file names them. */
  readonly columns?: readonly string[];
  readonly textCells?: boolean;
  /** The name of the format in messages such as "it is not JSON". */
  readonly format: string;
  /** Returns the row. Undefined for a text without a row. Throws when the text is not in the format. */
  parse(text: string): { readonly value: unknown } | undefined;
}

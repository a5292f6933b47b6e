/** A row as it was parsed, with its line in a file of lines (counted from 1). */
export interface RawRow {
  readonly value: unknown;
  readonly line?: number;
}

/** The rows of one file, read when they are needed. */
export interface RowFile {
  /** Whether every cell is text that a schema may want as a number, a truth value or a list. */
  readonly textCells?: boolean;
  /** All rows in order; it is called once, before {@link RowFile.at}. Throws `invalid-data` errors that name the row. */
  scan(): AsyncIterable<RawRow>;
  /** The columns that the rows up to now had; in Parquet and tables of text, those of the file. */
  columns(): readonly string[];
  /**
   * Throws an `invalid-data` error when the file is another than it was when it was scanned; what Parquet keeps in memory
   * stays, and its images throw when they are read.
   */
  at(index: number): Promise<RawRow>;
}

/** Reads one row of a file of text. */
export interface RowParser {
  /** Of the file, where it names them itself. */
  readonly columns?: readonly string[];
  readonly textCells?: boolean;
  /** In the words of "it is not JSON". */
  readonly format: string;
  /** The row; undefined for text that is none. Throws when it is not in the format. */
  parse(text: string): { readonly value: unknown } | undefined;
}

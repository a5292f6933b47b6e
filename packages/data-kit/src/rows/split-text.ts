import { MlanError } from "@mlan/core";

/** One row of a file, not yet parsed. */
export interface Piece {
  /** Offset from the beginning of the file, in bytes. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** The line on which the row begins, counted from 1. Absent when rows are not lines. */
  readonly line?: number;
}

/** Splits a file into rows, chunk by chunk. Only one row is in memory at a time. */
export interface Splitter {
  /** Yields the rows that end in this chunk, in order. Throws a {@link SplitError} for malformed rows. */
  push(chunk: Uint8Array): Iterable<Piece>;
  /** Yields the row that ends with the file, if there is one. */
  end(): Iterable<Piece>;
}

/** The error for a row that cannot be split off. `remedy` applies if the cause is outside that row. */
export class SplitError extends MlanError {
  readonly remedy: string | undefined;

  constructor(message: string, remedy?: string) {
    super("invalid-data", message);
    this.remedy = remedy;
  }
}

/** The remedy for a truncated file. */
export const WRITE_AGAIN = "Download or write the file again";

/**
 * Maximum size of a row in bytes. A longer row means a missing quotation mark or bracket. V8 cannot hold a text of 512
 * MiB.
 */
const LONGEST_ROW = 256 * 2 ** 20;

/** The bytes of the current row, which may span several chunks. */
export class Pending {
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Offset of the first byte of the next chunk. */
  #position = 0;

  /** Ends the row with the bytes from `start` up to `end` of the chunk. */
  cut(chunk: Uint8Array, start: number, end: number, line?: number): Piece {
    this.keep(chunk, start, end);
    const piece = {
      start: this.#position + end - this.#length,
      bytes: this.#joined(),
      ...(line !== undefined && { line }),
    };
    this.#parts = [];
    this.#length = 0;
    return piece;
  }

  keep(chunk: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    this.#parts.push(chunk.subarray(start, end));
    this.#length += end - start;
    if (this.#length > LONGEST_ROW) {
      throw new SplitError("it is longer than 256 MiB; a quotation mark or a bracket is missing");
    }
  }

  pass(chunk: Uint8Array): void {
    this.#position += chunk.length;
  }

  get position(): number {
    return this.#position;
  }

  #joined(): Uint8Array {
    const [first] = this.#parts;
    return this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
  }
}

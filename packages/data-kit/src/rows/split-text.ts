/** A piece of a file: a row that is not parsed yet. */
export interface Piece {
  /** Counted from the beginning of the file. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** Of its first byte, counted from 1; absent where rows do not begin with lines. */
  readonly line?: number;
}

/** Cuts a file into rows, one chunk of bytes after the other: however long the file, one row is in memory. */
export interface Splitter {
  /** The rows that end in this chunk, one after the other. Throws a {@link SplitError} where they stop being rows. */
  push(chunk: Uint8Array): Iterable<Piece>;
  /** The row that the end of the file ends. */
  end(): Iterable<Piece>;
}

/** Why the row after those that were given cannot be cut out; `wayOut` when it is not that row's fault. */
export class SplitError extends Error {
  readonly wayOut: string | undefined;

  constructor(message: string, wayOut?: string) {
    super(message);
    this.wayOut = wayOut;
  }
}

/** The way out where a file ends too early. */
export const WRITE_AGAIN = "Download or write the file again";

/** A row longer than this is a missing quotation mark or bracket; V8 holds no text of 512 MiB. */
const LONGEST_ROW = 256 * 2 ** 20;

/** What lies between two cuts, over any number of chunks. */
export class Pending {
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Of the first byte of the next chunk. */
  #position = 0;

  /** Ends the row before byte `end` of the chunk, of which bytes from `start` belong to it. */
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

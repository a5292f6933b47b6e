import { createReadStream, read } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { RandomAccessReader } from "yauzl";

/**
 * A file for yauzl that is open only during reads, because datasets and their archives are never closed. The many small
 * reads of an archive's directory share the descriptor of {@link withOpenFile}.
 */
export class FileRanges extends RandomAccessReader {
  readonly #path: string;
  #handle: FileHandle | undefined;
  #size = Infinity;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  /** Keeps the file open while `use` runs. `use` receives the file's size in bytes. */
  async withOpenFile<Result>(use: (bytes: number) => Promise<Result>): Promise<Result> {
    const handle = await open(this.#path);
    this.#handle = handle;
    try {
      this.#size = (await handle.stat()).size;
      return await use(this.#size);
    } finally {
      this.#handle = undefined;
      await handle.close();
    }
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return createReadStream(this.#path, { start, end: end - 1 });
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    // Node throws synchronously for an impossible position, where no caller could catch the error.
    if (position + length > this.#size)
      return callback(new Error("it refers to a position beyond the end of the archive, which was truncated"));
    if (this.#handle === undefined) return void super.read(buffer, offset, length, position, callback);
    read(this.#handle.fd, buffer, offset, length, position, (error, bytesRead) =>
      callback(error ?? (bytesRead === length ? null : new Error("the archive was truncated"))),
    );
  }
}

import type { FileHandle } from "node:fs/promises";
import { callbackify } from "node:util";
import { RandomAccessReader } from "yauzl";

const WINDOW_BYTES = 2 ** 16;

/**
 * An open file for yauzl. It combines the many small reads of an archive's directory into a few reads of the file. A
 * position beyond the end of the file is reported to the caller; yauzl's own reader throws where no caller can catch
 * the error.
 */
export class ZipRanges extends RandomAccessReader {
  readonly #handle: FileHandle;
  readonly #size: number;
  readonly #window = Buffer.alloc(WINDOW_BYTES);
  #windowStart = 0;
  #windowLength = 0;

  constructor(handle: FileHandle, size: number) {
    super();
    this.#handle = handle;
    this.#size = size;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    callbackify(() => this.#copy(buffer.subarray(offset, offset + length), position))(callback);
  }

  async #copy(target: Buffer, position: number): Promise<void> {
    if (position + target.length > this.#size) throw new Error("it refers to a position beyond the end of the file");
    for (let done = 0; done < target.length;) {
      const start = position + done - this.#windowStart;
      if (start < 0 || start >= this.#windowLength) await this.#move(position + done);
      const from = position + done - this.#windowStart;
      done += this.#window.copy(target, done, from, this.#windowLength);
    }
  }

  async #move(position: number): Promise<void> {
    const { bytesRead } = await this.#handle.read(this.#window, 0, WINDOW_BYTES, position);
    if (bytesRead === 0) throw new Error("it became shorter while it was read");
    this.#windowStart = position;
    this.#windowLength = bytesRead;
  }
}

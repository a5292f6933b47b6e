/** Reads the bytes of a pickle from the beginning. `fail` creates the error for bytes that contradict the format. */
export class PickleBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fail: (what: string) => Error;
  #position = 0;

  constructor(bytes: Uint8Array, fail: (what: string) => Error) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fail = fail;
  }

  /** The position of the next byte. */
  get position(): number {
    return this.#position;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** Reads an unsigned integer. Infinity if it is larger than any file. */
  uint64(): number {
    const value = this.#view.getBigUint64(this.#advance(8), true);
    return value > Number.MAX_SAFE_INTEGER ? Infinity : Number(value);
  }

  /** Reads a big-endian float64, as pickles store it. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** Reads a two's complement integer of `length` bytes. Returns a bigint if it is not a safe integer. */
  integer(length: number): number | bigint {
    const bytes = this.bytes(length);
    const hex = Buffer.from(bytes.toReversed()).toString("hex");
    const value = BigInt.asIntN(8 * length, BigInt(`0x${hex || "0"}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  utf8(length: number): string {
    const bytes = this.bytes(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.#fail("its text is not UTF-8");
    }
  }

  latin1(length: number): string {
    return Buffer.from(this.bytes(length)).toString("latin1");
  }

  /** Reads the text up to the next line feed, and skips the line feed. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) throw this.#fail("it ends in the middle of a name");
    const text = this.utf8(end - this.#position);
    this.#advance(1);
    return text;
  }

  #advance(length: number): number {
    const start = this.#position;
    if (length > this.#bytes.length - start)
      throw this.#fail(`it ends at byte ${this.#bytes.length}, before its last value`);
    this.#position += length;
    return start;
  }
}

/**
 * Appends protocol buffer fields to one growing buffer. A nested message is written in place. Its length is a varint
 * padded to four bytes, which every reader accepts, and is filled in at its end.
 */
export interface ProtobufWriter {
  /** A signed 64-bit integer field. */
  integer(field: number, value: number): void;
  float(field: number, value: number): void;
  /** A field of ASCII text. */
  text(field: number, value: string): void;
  bytes(field: number, value: Uint8Array): void;
  /** Starts a nested message. Returns the argument for {@link end}. */
  begin(field: number): number;
  end(mark: number): void;
  /** Returns a view of the bytes. Later writes may overwrite it. */
  finish(): Uint8Array;
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
const LENGTH_BYTES = 4;
/** The longest message whose length fits a varint of four bytes. */
const LONGEST = 2 ** 28 - 1;

export function protobufWriter(): ProtobufWriter {
  return new GrowingWriter();
}

class GrowingWriter implements ProtobufWriter {
  #buffer = new Uint8Array(1 << 16);
  #length = 0;

  integer(field: number, value: number): void {
    this.#reserve(16);
    this.#tag(field, VARINT);
    if (value >= 0) this.#varint(value);
    else this.#negative(value);
  }

  float(field: number, value: number): void {
    this.#reserve(10);
    this.#tag(field, FIXED_32);
    new DataView(this.#buffer.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  text(field: number, value: string): void {
    this.#reserve(value.length + 16);
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(value.length);
    for (let index = 0; index < value.length; index++) this.#buffer[this.#length++] = value.charCodeAt(index);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#reserve(value.length + 16);
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  begin(field: number): number {
    this.#reserve(16);
    this.#tag(field, LENGTH_DELIMITED);
    this.#length += LENGTH_BYTES;
    return this.#length;
  }

  end(mark: number): void {
    let length = this.#length - mark;
    if (length > LONGEST) throw new RangeError(`a message of ${length} bytes is longer than ${LONGEST}`);
    for (let position = mark - LENGTH_BYTES; position < mark; position++) {
      this.#buffer[position] = (length & 0x7f) | (position === mark - 1 ? 0 : 0x80);
      length >>>= 7;
    }
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    let rest = value;
    // Bit shifts would truncate integers beyond 32 bits.
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
  }

  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 0x7fn) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + bytes));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

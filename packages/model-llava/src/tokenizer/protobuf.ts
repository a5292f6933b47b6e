/** A field of a protobuf message. The wire type determines the decoding of its value. */
export interface ProtobufField {
  readonly number: number;
  /** A number for varints and 32-bit floats; bytes for strings and messages; undefined for 64-bit values. */
  readonly value: number | Uint8Array | undefined;
}

const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/**
 * Reads the fields of a message in order (https://protobuf.dev/programming-guides/encoding). Throws an Error if the
 * bytes end inside a field or use the deprecated group types.
 */
export function* readProtobuf(bytes: Uint8Array): Generator<ProtobufField> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const advance = (length: number): number => {
    const start = offset;
    if (length > bytes.length - start) throw new Error(`it ends within a field at byte ${start}`);
    offset += length;
    return start;
  };
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
      const byte = view.getUint8(advance(1));
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new Error(`it has a number longer than ten bytes before byte ${offset}`);
  };
  const readValue = (wireType: number): number | Uint8Array | undefined => {
    switch (wireType) {
      case VARINT:
        return readVarint();
      case FIXED_64:
        advance(8);
        return undefined;
      case LENGTH_DELIMITED: {
        const length = readVarint();
        const start = advance(length);
        return bytes.subarray(start, start + length);
      }
      case FIXED_32:
        return view.getFloat32(advance(4), true);
      default:
        throw new Error(`it has a field of the unknown wire type ${wireType} before byte ${offset}`);
    }
  };
  while (offset < bytes.length) {
    const key = readVarint();
    yield { number: Math.floor(key / 8), value: readValue(key % 8) };
  }
}

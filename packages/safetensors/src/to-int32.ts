import type { Dtype } from "./dtype.ts";

/**
 * Writes the little-endian integers in `bytes`, whose offset is a multiple of 8, to `target`. Returns the first integer
 * that needs more than 32 bits, if there is one.
 */
type Int32Decoder = (bytes: Uint8Array<ArrayBuffer>, target: Int32Array) => bigint | undefined;

/** Returns the decoder for a dtype; undefined for dtypes that cannot be read as int32. */
export function int32Decoder(dtype: Dtype): Int32Decoder | undefined {
  return DECODERS[dtype];
}

const narrow =
  (view: (bytes: Uint8Array<ArrayBuffer>) => ArrayLike<number>): Int32Decoder =>
  (bytes, target) => {
    target.set(view(bytes));
    return undefined;
  };

const DECODERS: Partial<Record<Dtype, Int32Decoder>> = {
  BOOL: narrow((bytes) => bytes),
  U8: narrow((bytes) => bytes),
  I8: narrow(({ buffer, byteOffset, length }) => new Int8Array(buffer, byteOffset, length)),
  U16: narrow(({ buffer, byteOffset, length }) => new Uint16Array(buffer, byteOffset, length / 2)),
  I16: narrow(({ buffer, byteOffset, length }) => new Int16Array(buffer, byteOffset, length / 2)),
  I32: narrow(({ buffer, byteOffset, length }) => new Int32Array(buffer, byteOffset, length / 4)),
  I64: ({ buffer, byteOffset, length }, target) => {
    const values = new BigInt64Array(buffer, byteOffset, length / 8);
    for (const [index, value] of values.entries()) {
      if (BigInt.asIntN(32, value) !== value) return value;
      target[index] = Number(value);
    }
    return undefined;
  },
};

import { type Dtype, elementBytesOf, float16Table } from "./dtype.ts";

/** Converts little-endian floating-point numbers to float32. F64 is rounded. */
export interface Float32Decoder {
  readonly elementBytes: number;
  /**
   * Writes the numbers in `bytes`, whose offset is a multiple of 8, to `target`. Returns the index of the first NaN or
   * infinite number; -1 if all are finite.
   */
  decode(bytes: Uint8Array<ArrayBuffer>, target: Float32Array): number;
}

/** Returns the decoder for a dtype; undefined for dtypes that cannot be read as float32. */
export function float32Decoder(dtype: Dtype): Float32Decoder | undefined {
  const decode = DECODERS[dtype];
  return decode && { elementBytes: elementBytesOf(dtype), decode };
}

const DECODERS: Partial<Record<Dtype, Float32Decoder["decode"]>> = {
  F32: (bytes, target) => {
    target.set(new Float32Array(bytes.buffer, bytes.byteOffset, target.length));
    return firstNotFinite(target);
  },
  F64: (bytes, target) => {
    target.set(new Float64Array(bytes.buffer, bytes.byteOffset, target.length));
    return firstNotFinite(target);
  },
  BF16: (bytes, target) => {
    const result = new Uint32Array(target.buffer, target.byteOffset, target.length);
    const pairs = new Uint32Array(bytes.buffer, bytes.byteOffset, target.length >> 1);
    // An exponent of all ones, plus one, carries into the sign bit. A branch per value would take twice as long.
    let exponents = 0;
    for (let index = 0; index < pairs.length; index++) {
      const pair = pairs[index] ?? 0;
      result[2 * index] = pair << 16;
      result[2 * index + 1] = pair & 0xffff0000;
      exponents |= (pair & 0x7f807f80) + 0x00800080;
    }
    if (target.length % 2 === 1) {
      const last = new Uint16Array(bytes.buffer, bytes.byteOffset, target.length).at(-1) ?? 0;
      result[target.length - 1] = last << 16;
      exponents |= (last & 0x7f80) + 0x80;
    }
    return (exponents & 0x80008000) === 0 ? -1 : firstNotFinite(target);
  },
  F16: (bytes, target) => {
    halves ??= float16Table("F16");
    const patterns = new Uint16Array(bytes.buffer, bytes.byteOffset, target.length);
    for (let index = 0; index < patterns.length; index++) target[index] = halves[patterns[index] ?? 0] ?? 0;
    return firstNotFinite(target);
  },
};

/** The values of all F16 bit patterns, created when the first F16 tensor is read. */
let halves: Float32Array | undefined;

/** Returns the index of the first NaN or infinite value; -1 if all are finite. */
export function firstNotFinite(values: Float32Array): number {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let exponents = 0;
  for (let index = 0; index < words.length; index++) exponents |= ((words[index] ?? 0) & 0x7f800000) + 0x00800000;
  return exponents >= 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}

/** Bytes per element of the format's dtypes (github.com/huggingface/safetensors, README). */
const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

export type Dtype = keyof typeof ELEMENT_BYTES;

/** bfloat16 and IEEE 754 half precision. */
export type Float16Dtype = "BF16" | "F16";

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(ELEMENT_BYTES, name);
}

export function elementBytesOf(dtype: Dtype): number {
  return ELEMENT_BYTES[dtype];
}

export function byteLengthOf(dtype: Dtype, shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype]);
}

/** Rounds float32 values to the nearest bfloat16, ties to even. NaN stays NaN. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  return rounded(values, (word) => {
    if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
    return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  });
}

/**
 * Applies `round` to the bits of each value. `Uint16Array.from` would first collect all values in an array of numbers.
 */
function rounded(values: Float32Array, round: (word: number) => number): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let index = 0; index < halves.length; index++) halves[index] = round(bits[index] ?? 0);
  return halves;
}

/**
 * Rounds float32 values to the nearest half precision number, ties to even. NaN stays NaN. Magnitudes from 65,520 on
 * become infinite.
 */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  return rounded(values, (word) => {
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00;
    if (magnitude >= 0x477ff000) return sign | 0x7c00;
    // Below 2 ** -14 the result is subnormal. Adding 0.5 leaves multiples of 2 ** -24 in the fraction, rounded to even.
    if (magnitude < 0x38800000) return sign | subnormalOf(magnitude);
    // Changes the exponent's bias from 127 to 15. A carry out of the fraction correctly increments the exponent.
    return sign | ((magnitude - (112 << 23) + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  });
}

const one = new Float32Array(1);
const oneBits = new Uint32Array(one.buffer);

function subnormalOf(magnitude: number): number {
  oneBits[0] = magnitude;
  one[0] = (one[0] ?? 0) + 0.5;
  return (oneBits[0] ?? 0) - 0x3f000000;
}

/** Returns the float32 value of each of the 65,536 bit patterns of a 16-bit dtype. */
export function float16Table(dtype: Float16Dtype): Float32Array {
  if (dtype === "F16") return Float32Array.from({ length: 2 ** 16 }, (_, half) => float16ToNumber(half));
  return new Float32Array(Uint32Array.from({ length: 2 ** 16 }, (_, half) => half << 16).buffer);
}

function float16ToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

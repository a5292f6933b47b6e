import type { FilePlace, MatrixSource } from "./matrix-bytes.ts";

/**
 * A matrix [rows, columns] with 4 or 8 bits per value: value = (code - 2 ** (bits - 1)) * scale. The layout is that of
 * ONNX Runtime's operator MatMulNBits.
 */
export interface QuantisedValues {
  readonly rows: number;
  readonly columns: number;
  readonly bits: 4 | 8;
  /** Number of columns that share a scale. In the last block of a row, codes beyond the last column mean 0. */
  readonly blockSize: number;
  /** Bytes [rows, blocks, blockSize * bits / 8]; the first code is in the lowest bits. */
  readonly codes: MatrixSource;
  /** Scales [rows, blocks], float32. */
  readonly scales: Float32Array | FilePlace;
}

export interface QuantiseOptions {
  /** Bits per value. Default 8. */
  readonly bits?: 4 | 8;
  /** Number of columns that share a scale: a power of two, at least 16. Default 128. */
  readonly blockSize?: number;
}

/** Candidate scales for 4 bits, as ratios to the scale that maps a block's largest value to the largest code. */
const SCALES_OF_4_BITS: readonly number[] = [1, 0.95, 0.9, 0.85, 0.8, 1.05];

/**
 * Rounds a matrix [rows, columns] to multiples of a scale per block. With 8 bits, no value changes by more than half
 * its block's scale. With 4 bits, several scales are tried, and the one with the smallest sum of squared errors is
 * used. Throws a `RangeError` for a wrong number of values, a value that is not finite, and an invalid block size.
 */
export function quantise(
  values: Float32Array,
  [rows, columns]: readonly [number, number],
  { bits = 8, blockSize = 128 }: QuantiseOptions = {},
): QuantisedValues & { readonly codes: Uint8Array; readonly scales: Float32Array } {
  if (values.length !== rows * columns)
    throw new RangeError(`fused-ops: ${values.length} values were given for a matrix [${rows}, ${columns}].`);
  if (!Number.isInteger(Math.log2(blockSize)) || blockSize < 16)
    throw new RangeError(`fused-ops: blockSize ${blockSize} is not a power of two of at least 16.`);
  const blocks = Math.ceil(columns / blockSize);
  const zeroPoint = 2 ** (bits - 1);
  const codes = new Uint8Array((rows * blocks * blockSize * bits) / 8).fill(bits === 8 ? 128 : 0x88);
  const scales = new Float32Array(rows * blocks);
  for (let block = 0; block < scales.length; block++) {
    const start = Math.floor(block / blocks) * columns + (block % blocks) * blockSize;
    const end = Math.min(start + blockSize, (Math.floor(block / blocks) + 1) * columns);
    const scale = scaleOf(values, start, end, bits);
    scales[block] = scale;
    if (scale === 0) continue;
    for (let index = start; index < end; index++) {
      const code = codeOf((values[index] ?? 0) / scale, zeroPoint);
      const place = block * blockSize + index - start;
      if (bits === 8) codes[place] = code;
      else setHalf(codes, place, code);
    }
  }
  return { rows, columns, bits, blockSize, codes, scales };
}

function codeOf(ratio: number, zeroPoint: number): number {
  // `| 0` truncates towards zero and is much faster than Math.round.
  const code = (ratio + zeroPoint + 0.5) | 0;
  return code < 0 ? 0 : code >= 2 * zeroPoint ? 2 * zeroPoint - 1 : code;
}

function setHalf(codes: Uint8Array, place: number, code: number): void {
  const byte = place >> 1;
  const before = codes[byte] ?? 0;
  codes[byte] = place & 1 ? (before & 0x0f) | (code << 4) : (before & 0xf0) | code;
}

function scaleOf(values: Float32Array, start: number, end: number, bits: 4 | 8): number {
  let largest = 0;
  for (let index = start; index < end; index++) {
    const value = values[index] ?? 0;
    if (!Number.isFinite(value)) throw notFinite(value);
    if (Math.abs(value) > Math.abs(largest)) largest = value;
  }
  if (bits === 8) return Math.fround(Math.abs(largest) / 127);
  if (largest === 0) return 0;
  // Codes range from -8 to 7, so the largest value is mapped to -8; if it is positive, the scale is negative.
  let best = 0;
  let least = Infinity;
  for (const ratio of SCALES_OF_4_BITS) {
    const scale = Math.fround((ratio * largest) / -8);
    const error = squaredError(values, start, end, scale);
    if (error < least) [least, best] = [error, scale];
  }
  return best;
}

function squaredError(values: Float32Array, start: number, end: number, scale: number): number {
  const inverse = 1 / scale;
  let sum = 0;
  for (let index = start; index < end; index++) {
    const value = values[index] ?? 0;
    const error = value - (codeOf(value * inverse, 8) - 8) * scale;
    sum += error * error;
  }
  return sum;
}

function notFinite(value: number): RangeError {
  return new RangeError(`fused-ops: a matrix to quantise holds ${value}. Check the weights.`);
}

import type { FilePlace, MatrixSource } from "./matrix-bytes.ts";

/**
 * A matrix [rows, columns] with 4 or 8 bits per value: value = (code - 2 ** (bits - 1)) * scale. The layout is that of
 * ONNX Runtime's operator MatMulNBits.
 */
export interface QuantizedValues {
  readonly rows: number;
  readonly columns: number;
  readonly bits: 4 | 8;
  /** Number of columns that share a scale. In the last block of a row, codes beyond the last column mean 0. */
  readonly blockSize: number;
  /** Bytes [rows, blocks, blockSize * bits / 8]. The first code is in the lowest bits. */
  readonly codes: MatrixSource;
  /** Scales [rows, blocks], float32. */
  readonly scales: Float32Array | FilePlace;
}

export interface QuantizeOptions {
  /** Bits per value. Default 8. */
  readonly bits?: 4 | 8;
  /** Number of columns that share a scale: a power of two, at least 16. Default 128. */
  readonly blockSize?: number;
}

/** Candidate steps for 4 bits, relative to the step that maps a block's largest value to the largest code. */
const STEPS_OF_4_BITS: readonly number[] = [1, 0.93, 0.86, 0.79];

/**
 * Rounds a matrix [rows, columns] to multiples of a scale per block. With 8 bits, no value changes by more than half
 * its block's scale. With 4 bits, several steps are tried, each with its best scale, and the one with the smallest sum
 * of squared errors is used. Throws a `RangeError` for a wrong number of values, a value that is not finite, and an
 * invalid block size.
 */
export function quantize(
  values: Float32Array,
  [rows, columns]: readonly [number, number],
  { bits = 8, blockSize = 128 }: QuantizeOptions = {},
): QuantizedValues & { readonly codes: Uint8Array; readonly scales: Float32Array } {
  if (values.length !== rows * columns)
    throw new RangeError(`fused-ops: ${values.length} values were given for a matrix [${rows}, ${columns}].`);
  if (!Number.isInteger(Math.log2(blockSize)) || blockSize < 16)
    throw new RangeError(`fused-ops: blockSize ${blockSize} is not a power of two of at least 16.`);
  const blocks = Math.ceil(columns / blockSize);
  const codes = new Uint8Array((rows * blocks * blockSize * bits) / 8).fill(bits === 8 ? 128 : 0x88);
  const scales = new Float32Array(rows * blocks);
  for (let block = 0; block < scales.length; block++) {
    const row = Math.floor(block / blocks);
    const start = row * columns + (block - row * blocks) * blockSize;
    const end = Math.min(start + blockSize, (row + 1) * columns);
    const { scale, inverse } = bits === 8 ? fitOf8Bits(values, start, end) : fitOf4Bits(values, start, end);
    scales[block] = scale;
    if (scale === 0) continue;
    let place = (block * blockSize * bits) / 8;
    if (bits === 8)
      for (let index = start; index < end; index++) codes[place++] = codeOf(values[index] ?? 0, inverse, 128);
    else
      for (let index = start; index < end; index += 2) {
        const high = index + 1 < end ? codeOf(values[index + 1] ?? 0, inverse, 8) : 8;
        codes[place++] = codeOf(values[index] ?? 0, inverse, 8) | (high << 4);
      }
  }
  return { rows, columns, bits, blockSize, codes, scales };
}

/**
 * A block's scale, and the factor that turns its values into codes. With 4 bits this factor is not exactly 1 / scale.
 */
interface Fit {
  readonly scale: number;
  readonly inverse: number;
}

const ZEROS: Fit = { scale: 0, inverse: 0 };

function codeOf(value: number, inverse: number, zeroPoint: number): number {
  // A conversion to an integer truncates, and is much faster than Math.round.
  const code = (value * inverse + zeroPoint + 0.5) | 0;
  return code < 0 ? 0 : code >= 2 * zeroPoint ? 2 * zeroPoint - 1 : code;
}

/** Returns the value with the largest magnitude. */
function largestOf(values: Float32Array, start: number, end: number): number {
  let largest = 0;
  let sum = 0;
  for (let index = start; index < end; index++) {
    const value = values[index] ?? 0;
    sum += value;
    if (Math.abs(value) > Math.abs(largest)) largest = value;
  }
  // A sum of float32 values in float64 is finite if all of them are.
  if (!Number.isFinite(sum)) throw notFinite(values.subarray(start, end));
  return largest;
}

function fitOf8Bits(values: Float32Array, start: number, end: number): Fit {
  const scale = Math.fround(Math.abs(largestOf(values, start, end)) / 127);
  return { scale, inverse: 1 / scale };
}

function fitOf4Bits(values: Float32Array, start: number, end: number): Fit {
  const largest = largestOf(values, start, end);
  if (largest === 0) return ZEROS;
  let best = ZEROS;
  let most = -1;
  for (const ratio of STEPS_OF_4_BITS) {
    // Codes range from -8 to 7. The largest value gets -8, so its scale is negative if the value is positive.
    const inverse = -8 / (ratio * largest);
    let products = 0;
    let squares = 0;
    for (let index = start; index < end; index++) {
      const value = values[index] ?? 0;
      const code = codeOf(value, inverse, 8) - 8;
      products += value * code;
      squares += code * code;
    }
    // With the best scale for these codes, products / squares, the squared errors sum to this much less than the
    // squared values.
    const explained = (products * products) / squares;
    if (explained > most) [most, best] = [explained, { scale: Math.fround(products / squares), inverse }];
  }
  return best;
}

function notFinite(values: Float32Array): RangeError {
  const found = values.find((value) => !Number.isFinite(value));
  return new RangeError(`fused-ops: a matrix to quantize holds ${found}. Check the weights.`);
}

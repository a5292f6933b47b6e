import { bicubicWeights, PRECISION_BITS, type ResamplingWeights } from "./bicubic-weights.ts";
import { CHANNELS, type Pixels } from "./pixels.ts";

export interface ResizeOptions {
  /** Of the whole resized image. */
  readonly width: number;
  readonly height: number;
  /** Side of the square in its middle that is computed and given; at most the shorter side. */
  readonly crop: number;
}

/**
 * The middle square of a resized image, with the bits of Pillow's `Image.resize(size, BICUBIC)` on 8-bit RGB:
 * first along the rows, rounded to 8 bits, then along the columns. Work and memory are those of the square.
 */
export function resizeAndCrop(image: Pixels, { width, height, crop }: ResizeOptions): Pixels {
  const left = Math.floor((width - crop) / 2);
  const top = Math.floor((height - crop) / 2);
  const columns = bicubicWeights(image.width, width, { start: left, count: crop });
  const rows = bicubicWeights(image.height, height, { start: top, count: crop });
  const firstRow = at(rows.starts, 0);
  const endRow = at(rows.starts, crop - 1) + at(rows.counts, crop - 1);
  const needed = image.data.subarray(firstRow * image.width * CHANNELS, endRow * image.width * CHANNELS);
  const narrow = resizeRows({ width: image.width, height: endRow - firstRow, data: needed }, columns);
  return resizeColumns(narrow, { ...rows, starts: rows.starts.map((start) => start - firstRow) });
}

const HALF = 1 << (PRECISION_BITS - 1);

function resizeRows(image: Pixels, { starts, counts, weights, taps }: ResamplingWeights): Pixels {
  const width = starts.length;
  const input = image.data;
  const data = new Uint8ClampedArray(width * image.height * CHANNELS);
  let output = 0;
  for (let row = 0; row < image.height; row++) {
    for (let x = 0; x < width; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let source = (row * image.width + at(starts, x)) * CHANNELS;
      for (let tap = x * taps, end = tap + at(counts, x); tap < end; tap++) {
        const weight = at(weights, tap);
        red += at(input, source++) * weight;
        green += at(input, source++) * weight;
        blue += at(input, source++) * weight;
      }
      // An arithmetic shift rounds down, as Pillow's lookup does; the array clamps to 0..255.
      data[output++] = red >> PRECISION_BITS;
      data[output++] = green >> PRECISION_BITS;
      data[output++] = blue >> PRECISION_BITS;
    }
  }
  return { width, height: image.height, data: new Uint8Array(data.buffer) };
}

function resizeColumns(image: Pixels, resampling: ResamplingWeights): Pixels {
  const height = resampling.starts.length;
  const stride = image.width * CHANNELS;
  const data = new Uint8ClampedArray(height * stride);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sumRows(image.data, resampling, y, sums);
    for (let index = 0; index < stride; index++) data[y * stride + index] = at(sums, index) >> PRECISION_BITS;
  }
  return { width: image.width, height, data: new Uint8Array(data.buffer) };
}

/** Whole rows at a time: memory is read in the order in which it lies. */
function sumRows(
  input: Uint8Array,
  { starts, counts, weights, taps }: ResamplingWeights,
  y: number,
  sums: Int32Array,
): void {
  const stride = sums.length;
  sums.fill(HALF);
  for (let tap = 0; tap < at(counts, y); tap++) {
    const weight = at(weights, y * taps + tap);
    const source = (at(starts, y) + tap) * stride;
    for (let index = 0; index < stride; index++) sums[index] = at(sums, index) + at(input, source + index) * weight;
  }
}

function at(values: Uint8Array | Int32Array, index: number): number {
  return values[index] ?? 0;
}

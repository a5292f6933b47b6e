import { CHANNELS, type Pixels } from "@mlan/images";
import { type FramedWeights, framedWeights } from "./framed-weights.ts";
import type { FramedImage } from "./pad-to-square.ts";
import { PRECISION_BITS, type Resampling, resamplingWeights } from "./resampling-weights.ts";

export interface ResizeOptions {
  /** Width of the whole canvas after resizing. */
  readonly width: number;
  readonly height: number;
  /** Side of the center square in pixels; at most the shorter side of the resized canvas. */
  readonly crop: number;
  readonly resampling: Resampling;
}

/**
 * Returns the center square of a resized image, bit-identical to Pillow's `Image.resize` for 8-bit RGB: along the rows,
 * rounded to 8 bits, then along the columns. Reads only the image pixels that affect the square.
 */
export function resizeAndCrop(canvas: FramedImage, { width, height, crop, resampling }: ResizeOptions): Pixels {
  const { image, left, top, background } = canvas;
  const options = (size: number) => ({ range: { start: Math.floor((size - crop) / 2), count: crop }, resampling });
  const columns = framedWeights(resamplingWeights(canvas.width, width, options(width)), left, image.width);
  const rows = framedWeights(resamplingWeights(canvas.height, height, options(height)), top, image.height);
  const border = resizedBorder(columns, background);
  const sums = startingSums(rows, resizedBackground(border, columns, background));
  const stride = crop * CHANNELS;
  const narrow = new Uint8ClampedArray(stride);
  for (let row = 0, first = 0; row < image.height; row++) {
    // From one output row to the next, the first and the last input row never decrease.
    while (first < crop && at(rows.starts, first) + at(rows.counts, first) <= row) first++;
    if (first === crop) break;
    if (at(rows.starts, first) > row) continue;
    resizeRow(image, row, columns, border, narrow);
    for (let y = first; y < crop && at(rows.starts, y) <= row && at(rows.counts, y) > 0; y++) {
      const weight = at(rows.weights, at(rows.first, y) + row - at(rows.starts, y));
      const target = y * stride;
      for (let index = 0; index < stride; index++)
        sums[target + index] = at(sums, target + index) + at(narrow, index) * weight;
    }
  }
  const data = new Uint8ClampedArray(sums.length);
  for (let index = 0; index < data.length; index++) data[index] = at(sums, index) >> PRECISION_BITS;
  return { width: crop, height: crop, data: new Uint8Array(data.buffer) };
}

const HALF = 1 << (PRECISION_BITS - 1);

/** Returns the canvas's contribution to each value of a row, plus one half for rounding. */
function resizedBorder({ outside }: FramedWeights, background: readonly number[]): Int32Array {
  const border = new Int32Array(outside.length * CHANNELS);
  for (let index = 0; index < border.length; index++)
    border[index] = HALF + at(outside, Math.floor(index / CHANNELS)) * (background[index % CHANNELS] ?? 0);
  return border;
}

/** Returns a resized row of the canvas above or below the image. */
function resizedBackground(border: Int32Array, columns: FramedWeights, background: readonly number[]): Uint8Array {
  const row = new Uint8ClampedArray(border.length);
  for (let x = 0; x < columns.starts.length; x++) {
    let inside = 0;
    for (let tap = 0; tap < at(columns.counts, x); tap++) inside += at(columns.weights, at(columns.first, x) + tap);
    for (let channel = 0; channel < CHANNELS; channel++) {
      const index = x * CHANNELS + channel;
      row[index] = (at(border, index) + inside * (background[channel] ?? 0)) >> PRECISION_BITS;
    }
  }
  return new Uint8Array(row.buffer);
}

/** Returns the contribution of the canvas above and below the image to each value, plus one half for rounding. */
function startingSums({ outside }: FramedWeights, background: Uint8Array): Int32Array {
  const sums = new Int32Array(outside.length * background.length);
  for (let index = 0; index < sums.length; index++) {
    const y = Math.floor(index / background.length);
    sums[index] = HALF + at(outside, y) * at(background, index % background.length);
  }
  return sums;
}

function resizeRow(
  image: Pixels,
  row: number,
  { first, starts, counts, weights }: FramedWeights,
  border: Int32Array,
  output: Uint8ClampedArray,
): void {
  const input = image.data;
  for (let x = 0, index = 0; x < starts.length; x++) {
    let red = at(border, index);
    let green = at(border, index + 1);
    let blue = at(border, index + 2);
    let source = (row * image.width + at(starts, x)) * CHANNELS;
    for (let tap = at(first, x), end = tap + at(counts, x); tap < end; tap++) {
      const weight = at(weights, tap);
      red += at(input, source++) * weight;
      green += at(input, source++) * weight;
      blue += at(input, source++) * weight;
    }
    // The arithmetic shift rounds down like Pillow's lookup; the array clamps to 0..255.
    output[index++] = red >> PRECISION_BITS;
    output[index++] = green >> PRECISION_BITS;
    output[index++] = blue >> PRECISION_BITS;
  }
}

function at(values: Uint8Array | Uint8ClampedArray | Int32Array, index: number): number {
  return values[index] ?? 0;
}

export interface RunsOptions {
  readonly width: number;
  readonly height: number;
  /** Whether a byte holds two pixels, as in RLE4. */
  readonly halfBytes: boolean;
}

/**
 * Returns the palette indices [height, width] of a run-length encoded bitmap, with rows in the stored order. As in
 * Pillow, skipped pixels have index 0, and the odd last pixel of an uncompressed RLE4 run is dropped. Throws when
 * pixels are missing.
 */
export function runsOf(bytes: Uint8Array, { width, height, halfBytes }: RunsOptions): Uint8Array {
  const output = new Uint8Array(width * height);
  let [input, filled, x] = [0, 0, 0];
  while (filled < output.length && input + 1 < bytes.length) {
    const count = bytes[input++] ?? 0;
    const value = bytes[input++] ?? 0;
    if (count > 0) {
      const run = Math.min(count, Math.max(0, width - x));
      for (let index = 0; index < run; index++) output[filled + index] = halfBytes ? nibble(value, index) : value;
      filled += run;
      x += run;
    } else if (value === END_OF_LINE) {
      filled = Math.ceil(filled / width) * width;
      x = 0;
    } else if (value === END_OF_BITMAP) break;
    else if (value === JUMP) {
      filled += (bytes[input] ?? 0) + (bytes[input + 1] ?? 0) * width;
      input += 2;
      x = filled % width;
    } else {
      const length = halfBytes ? value >> 1 : value;
      const verbatim = bytes.subarray(input, input + length);
      for (const byte of verbatim) {
        if (!halfBytes) output[filled++] = byte;
        else for (const index of [0, 1]) output[filled++] = nibble(byte, index);
      }
      if (verbatim.length < length) break;
      x += value;
      // Uncompressed pixels are padded to 16 bits.
      input += length + (length % 2);
    }
  }
  if (filled < output.length) throw new Error(`it is cut short: ${output.length - filled} pixels are missing`);
  return output;
}

const END_OF_LINE = 0;
const END_OF_BITMAP = 1;
const JUMP = 2;

/** Returns the upper half of a byte for even positions in a run, and the lower half for odd positions. */
function nibble(byte: number, index: number): number {
  return index % 2 === 0 ? byte >> 4 : byte & 15;
}

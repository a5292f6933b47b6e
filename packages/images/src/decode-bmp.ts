import { type BitmapHeader, bitmapHeader } from "./bitmap-header.ts";
import { runsOf } from "./bitmap-runs.ts";
import { checkBounds, checkLength } from "./image-bounds.ts";
import { CHANNELS, type Pixels } from "./pixels.ts";

/**
 * Decodes a BMP with 1, 4, 8, 16, 24 or 32 bits per pixel, run-length encoded or not. Throws for an image that is
 * damaged or too large.
 */
export function decodeBmp(bytes: Uint8Array): Pixels {
  if (bytes.length < 14) throw new Error("it is cut short in its header");
  const pixels = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(10, true);
  // Converts the offset of the pixels in the file to an offset after the 14 bytes of the file header.
  return decodeDib(bytes.subarray(14), { description: "a BMP", pixelsAt: pixels === 0 ? undefined : pixels - 14 });
}

export interface DibOptions {
  /** Completes the sentence "it is ...". */
  readonly description: string;
  /** Byte position of the pixels. Default: after the palette. */
  readonly pixelsAt?: number | undefined;
  /** Whether the stored height is twice the image's, as in an icon, where it includes the mask. Default false. */
  readonly halfHeight?: boolean;
}

/** Decodes a bitmap without the file header. Throws for an image that is damaged or too large. */
export function decodeDib(bytes: Uint8Array, { description, pixelsAt, halfHeight = false }: DibOptions): Pixels {
  const header = bitmapHeader(bytes);
  const { width, fromTop } = header;
  const height = halfHeight ? Math.floor(header.height / 2) : header.height;
  checkBounds(width, height, description);
  const pixels = bytes.subarray(pixelsAt === undefined || pixelsAt < header.end ? header.end : pixelsAt);
  const rows = rowsOf(pixels, { ...header, height });
  const data = new Uint8Array(width * height * CHANNELS);
  for (let row = 0; row < height; row++) rows(row, data, (fromTop ? row : height - 1 - row) * width * CHANNELS);
  return { width, height, data };
}

/** Writes a stored row as RGB into `output`, beginning at `start`. */
type RowReader = (row: number, output: Uint8Array, start: number) => void;

function rowsOf(pixels: Uint8Array, header: BitmapHeader): RowReader {
  const { width, height, bits, palette, runs } = header;
  const stride = Math.floor((width * bits + 31) / 32) * 4;
  if (!runs) checkLength(pixels.length, (height - 1) * stride + Math.ceil((width * bits) / 8));
  if (bits === 16) return shorts(pixels, stride, header);
  if (bits > 16) return bytesPerColor(pixels, stride, header);
  const indices = runs ? runsOf(pixels, { width, height, halfBytes: bits === 4 }) : pixels;
  const rowBytes = runs ? width : stride;
  // A byte holds 2 ** shift pixels: 8, 2 or 1.
  const shift = runs ? 0 : 3 - Math.log2(bits);
  const last = (1 << shift) - 1;
  const mask = (1 << bits) - 1;
  // Colors beyond the palette are black.
  const colors = new Uint8Array(CHANNELS << 8);
  colors.set(palette.subarray(0, colors.length));
  return (row, output, start) => {
    for (let x = 0, target = start; x < width; x++) {
      const byte = indices[row * rowBytes + (x >> shift)] ?? 0;
      let source = ((byte >> ((last - (x & last)) * bits)) & mask) * CHANNELS;
      output[target++] = colors[source++] ?? 0;
      output[target++] = colors[source++] ?? 0;
      output[target++] = colors[source] ?? 0;
    }
  };
}

function shorts(pixels: Uint8Array, stride: number, { width, greenBits }: BitmapHeader): RowReader {
  const greenMost = (1 << greenBits) - 1;
  return (row, output, start) => {
    for (let x = 0; x < width; x++) {
      const source = row * stride + x * 2;
      const value = (pixels[source] ?? 0) | ((pixels[source + 1] ?? 0) << 8);
      const target = start + x * CHANNELS;
      output[target] = Math.floor((((value >> (5 + greenBits)) & 31) * 255) / 31);
      output[target + 1] = Math.floor((((value >> 5) & greenMost) * 255) / greenMost);
      output[target + 2] = Math.floor(((value & 31) * 255) / 31);
    }
  };
}

function bytesPerColor(pixels: Uint8Array, stride: number, { width, bits, places }: BitmapHeader): RowReader {
  return (row, output, start) => {
    for (let x = 0; x < width; x++) {
      const source = row * stride + (x * bits) / 8;
      for (let channel = 0; channel < CHANNELS; channel++)
        output[start + x * CHANNELS + channel] = pixels[source + (places[channel] ?? 0)] ?? 0;
    }
  };
}

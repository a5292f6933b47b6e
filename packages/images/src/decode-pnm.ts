import { checkBounds, checkLength } from "./image-bounds.ts";
import { CHANNELS, type Pixels } from "./pixels.ts";
import { PnmText } from "./pnm-text.ts";

/** Decodes PBM, PGM and PPM, in their binary and text forms. Throws for an image that is damaged or too large. */
export function decodePnm(bytes: Uint8Array): Pixels {
  const kind = (bytes[1] ?? 0) - 0x30;
  const inWords = kind <= 3;
  const channels = kind === 3 || kind === 6 ? CHANNELS : 1;
  const text = new PnmText(bytes, 2);
  const [width, height] = [text.number("width"), text.number("height")];
  checkBounds(width, height, "a PNM");
  const values = width * height * channels;
  // In the text form, every value takes at least one byte.
  if (inWords) checkLength(bytes.length, values);
  if (kind === 1) return bitmap(width, height, () => text.bit());
  if (kind === 4) {
    const stride = Math.ceil(width / 8);
    const rows = text.rest();
    checkLength(rows.length, stride * height);
    const bit = (x: number, y: number) => ((rows[y * stride + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1;
    return bitmap(width, height, bit);
  }
  const most = text.number("largest value");
  if (most < 1 || most > 65_535) throw new Error(`its largest value is ${most}; 1 to 65535 are supported`);
  const scaled = scaledValues(most, channels);
  const read = inWords ? () => text.value(most) : binaryReader(text.rest(), values, most > 255);
  const data = new Uint8Array(width * height * CHANNELS);
  for (let index = 0; index < values; index++) {
    const value = scaled[read()] ?? 255;
    if (channels === CHANNELS) data[index] = value;
    else for (let channel = 0; channel < CHANNELS; channel++) data[index * CHANNELS + channel] = value;
  }
  return { width, height, data };
}

/** Creates the pixels of a bitmap, where 1 is black and 0 is white. */
function bitmap(width: number, height: number, bit: (x: number, y: number) => number): Pixels {
  const data = new Uint8Array(width * height * CHANNELS);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const start = (y * width + x) * CHANNELS;
      data.fill(bit(x, y) === 1 ? 0 : 255, start, start + CHANNELS);
    }
  }
  return { width, height, data };
}

/** Returns a function that reads the next value, in one byte or in two bytes (big endian). */
function binaryReader(bytes: Uint8Array, values: number, twoBytes: boolean): () => number {
  checkLength(bytes.length, values * (twoBytes ? 2 : 1));
  let position = 0;
  const next = () => bytes[position++] ?? 0;
  return twoBytes ? () => next() * 256 + next() : next;
}

/**
 * Returns the 8-bit value for each value up to `most`. Pillow scales gray with more than 8 bits to 16 bits, and clips
 * it at 255 when converting it to RGB.
 */
function scaledValues(most: number, channels: number): Uint8ClampedArray {
  const outputMost = channels === 1 && most > 255 ? 65_535 : 255;
  return Uint8ClampedArray.from({ length: most + 1 }, (_, value) => roundHalfToEven((value / most) * outputMost));
}

/** Rounds like Python's `round`. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

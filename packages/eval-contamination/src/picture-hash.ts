import { CHANNELS, type Pixels } from "@mlan/images";
import sharp from "sharp";

/** Properties of a picture that survive scaling, compression and a change of brightness. */
export interface PictureHash {
  /** The 64 bits of the hash: the first 32 and the last 32. */
  readonly bits: readonly [number, number];
  /**
   * An 8 x 8 RGB thumbnail, normalized to mean 0 and Euclidean norm 1. The dot product of two thumbnails is their
   * correlation.
   */
  readonly look: Float32Array;
}

const SIDE = 32;
const LOW = 8;
const LOOK_SIDE = 8;
/**
 * Standard deviation (of values 0..255) below which a picture has no detail, and the bits of its hash would be noise.
 */
const PLAIN = 3;

/**
 * Computes the DCT hash of Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010): the
 * picture is scaled to 32 x 32 gray pixels, and each bit is set if one of its 8 x 8 lowest frequencies, without the
 * constant ones, is above their median. Undefined for a picture without detail.
 */
export async function pictureHash(image: Pixels): Promise<PictureHash | undefined> {
  const pixels = await smallPixels(image);
  const grey = Float32Array.from({ length: SIDE * SIDE }, (_, index) => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(index * 3, index * 3 + 3);
    return 0.299 * red + 0.587 * green + 0.114 * blue;
  });
  const look = lookOf(pixels);
  return look && { bits: bitsOf(lowFrequencies(grey)), look };
}

/** Returns the number of bits in which two hashes differ, 0..64. */
export function hammingDistance([highA, lowA]: PictureHash["bits"], [highB, lowB]: PictureHash["bits"]): number {
  return ones(highA ^ highB) + ones(lowA ^ lowB);
}

/** Returns the correlation of two thumbnails, -1..1. */
export function correlation(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += (one[index] ?? 0) * (other[index] ?? 0);
  return sum;
}

async function smallPixels({ data, width, height }: Pixels): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: CHANNELS } })
    .resize(SIDE, SIDE, { fit: "fill" })
    .raw()
    .toBuffer();
}

/**
 * `basis[frequency][position]` of the DCT-II for frequencies 1..8. The scale is irrelevant, because values are only
 * compared with their median.
 */
const BASIS = Array.from({ length: LOW }, (_, frequency) =>
  Float32Array.from({ length: SIDE }, (_, position) =>
    Math.cos(((2 * position + 1) * (frequency + 1) * Math.PI) / (2 * SIDE)),
  ),
);

function lowFrequencies(grey: Float32Array): Float32Array {
  const rows = BASIS.map((wave) =>
    Float32Array.from({ length: SIDE }, (_, row) => correlation(wave, grey.subarray(row * SIDE, (row + 1) * SIDE))),
  );
  return Float32Array.from(BASIS.flatMap((wave) => rows.map((row) => correlation(wave, row))));
}

function bitsOf(frequencies: Float32Array): PictureHash["bits"] {
  const sorted = frequencies.toSorted();
  const median = ((sorted[31] ?? 0) + (sorted[32] ?? 0)) / 2;
  const word = (from: number): number =>
    frequencies.subarray(from, from + 32).reduce((bits, value) => (bits << 1) | (value > median ? 1 : 0), 0) >>> 0;
  return [word(0), word(32)];
}

function lookOf(pixels: Uint8Array): Float32Array | undefined {
  const look = new Float32Array(LOOK_SIDE * LOOK_SIDE * 3);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      for (let channel = 0; channel < 3; channel++) {
        const at = ((row >> 2) * LOOK_SIDE + (column >> 2)) * 3 + channel;
        look[at] = (look[at] ?? 0) + (pixels[(row * SIDE + column) * 3 + channel] ?? 0) / 16;
      }
    }
  }
  const mean = look.reduce((sum, value) => sum + value, 0) / look.length;
  const centered = look.map((value) => value - mean);
  const length = Math.sqrt(correlation(centered, centered));
  return length / Math.sqrt(look.length) < PLAIN ? undefined : centered.map((value) => value / length);
}

function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

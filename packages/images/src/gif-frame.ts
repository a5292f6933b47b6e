/** The first frame of a GIF, as a separate file without transparency. */
export interface GifFrame {
  /** A GIF with only this frame. Every pixel, even a transparent one, is shown in the color of its palette entry. */
  readonly file: Uint8Array;
  readonly canvasWidth: number;
  readonly canvasHeight: number;
  /** Number of columns of the canvas to the left of the frame. */
  readonly left: number;
  readonly top: number;
  /**
   * Red, green and blue of the canvas around the frame: the palette's transparent color, or its first color if there
   * is none.
   */
  readonly background: readonly [number, number, number];
}

const PALETTE_BYTES = 3 * 256;

/**
 * Rewrites the first frame without transparency: a decoder that shows transparent pixels as black then returns their
 * palette colors, like Pillow. Throws when the file is truncated before its first frame.
 */
export function firstFrameOf(gif: Uint8Array): GifFrame {
  const view = new DataView(gif.buffer, gif.byteOffset, gif.byteLength);
  if (gif.length < 13) throw new Error("it is cut short in its header");
  const screenFlags = view.getUint8(10);
  const screenPalette = paletteAt(gif, 13, screenFlags);
  let position = 13 + paletteBytes(screenFlags);
  let transparent: number | undefined;
  for (; position < gif.length;) {
    const kind = view.getUint8(position++);
    if (kind === EXTENSION && position + 6 < gif.length) {
      const isControl = view.getUint8(position) === GRAPHIC_CONTROL && view.getUint8(position + 1) >= 4;
      if (isControl && (view.getUint8(position + 2) & 1) !== 0) transparent = view.getUint8(position + 5);
      position = endOfBlocks(gif, position + 1);
    } else if (kind === IMAGE && position + 9 < gif.length) {
      const [left, top] = [view.getUint16(position, true), view.getUint16(position + 2, true)];
      const [width, height] = [view.getUint16(position + 4, true), view.getUint16(position + 6, true)];
      const flags = view.getUint8(position + 8);
      const palette = paletteAt(gif, position + 9, flags) ?? screenPalette ?? greyPalette();
      const start = position + 9 + paletteBytes(flags);
      // The minimum code size precedes the blocks.
      const pixels = gif.subarray(start, endOfBlocks(gif, start + 1));
      const first = (transparent ?? 0) * 3;
      return {
        file: fileOf(width, height, { palette, interlaced: (flags & INTERLACED) !== 0, pixels }),
        canvasWidth: Math.max(view.getUint16(6, true), left + width),
        canvasHeight: Math.max(view.getUint16(8, true), top + height),
        left,
        top,
        background: [palette[first] ?? 0, palette[first + 1] ?? 0, palette[first + 2] ?? 0],
      };
    } else if (kind === TRAILER) break;
  }
  throw new Error("it is a GIF without a frame");
}

const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const HAS_PALETTE = 0x80;
const INTERLACED = 0x40;

function paletteBytes(flags: number): number {
  return (flags & HAS_PALETTE) === 0 ? 0 : 3 * (2 << (flags & 7));
}

/** Returns a palette of 256 colors, padded with black. Undefined if the flags announce no palette. */
function paletteAt(gif: Uint8Array, start: number, flags: number): Uint8Array | undefined {
  const size = paletteBytes(flags);
  if (size === 0) return undefined;
  const palette = new Uint8Array(PALETTE_BYTES);
  palette.set(gif.subarray(start, start + size));
  return palette;
}

function greyPalette(): Uint8Array {
  return Uint8Array.from({ length: PALETTE_BYTES }, (_, index) => Math.floor(index / 3));
}

/** Returns the position after a chain of blocks, each preceded by its length. At most the end of the file. */
function endOfBlocks(gif: Uint8Array, start: number): number {
  let position = start;
  for (let length = gif[position]; length !== undefined && length > 0; length = gif[position]) position += length + 1;
  return Math.min(position + 1, gif.length);
}

interface FrameContent {
  readonly palette: Uint8Array;
  readonly interlaced: boolean;
  /** The minimum code size, followed by the blocks. */
  readonly pixels: Uint8Array;
}

function fileOf(width: number, height: number, { palette, interlaced, pixels }: FrameContent): Uint8Array {
  const screen = [...Buffer.from("GIF89a"), ...uint16(width), ...uint16(height), HAS_PALETTE | 0x77, 0, 0];
  const frame = [IMAGE, 0, 0, 0, 0, ...uint16(width), ...uint16(height), interlaced ? INTERLACED : 0];
  return Buffer.concat([Uint8Array.from(screen), palette, Uint8Array.from(frame), pixels, Uint8Array.of(TRAILER)]);
}

function uint16(value: number): readonly [number, number] {
  return [value & 255, value >> 8];
}

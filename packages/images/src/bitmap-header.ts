export interface BitmapHeader {
  readonly width: number;
  readonly height: number;
  /** Whether the top row is stored first. */
  readonly fromTop: boolean;
  /** Number of bits per pixel: 1, 4, 8, 16, 24 or 32. */
  readonly bits: number;
  /** Whether the pixels are run-length encoded. */
  readonly runs: boolean;
  /** The colors as RGB. Empty for more than 8 bits per pixel. */
  readonly palette: Uint8Array;
  /** Number of bits for green in a 16-bit pixel. */
  readonly greenBits: 5 | 6;
  /** Byte positions of red, green and blue in a 24-bit or 32-bit pixel. */
  readonly places: readonly [number, number, number];
  /** Byte position after the header and the palette. */
  readonly end: number;
}

const OS2_BYTES = 12;
const SIZES = [OS2_BYTES, 40, 52, 56, 64, 108, 124];
const COMPRESSIONS = ["none", "RLE8", "RLE4", "bit fields"] as const;

/** Reads the header at the start of a bitmap. Throws for a header that Pillow does not support either. */
export function bitmapHeader(bytes: Uint8Array): BitmapHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length < 4 ? 0 : view.getUint32(0, true);
  if (!SIZES.includes(size)) throw new Error(`its header has ${size} bytes; ${SIZES.join(", ")} are supported`);
  if (bytes.length < size) throw new Error("it is cut short in its header");
  const old = size === OS2_BYTES;
  const signedHeight = old ? view.getUint16(6, true) : view.getInt32(8, true);
  const bits = view.getUint16(old ? 10 : 14, true);
  const compression = old ? 0 : view.getUint32(16, true);
  const method = COMPRESSIONS[compression];
  if (method === undefined)
    throw new Error(`its compression is ${compression}; none, run lengths and bit fields are supported`);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`it has ${bits} bits per pixel`);
  const runs = method === "RLE8" || method === "RLE4";
  if (runs && bits !== (method === "RLE8" ? 8 : 4))
    throw new Error(`it is compressed by ${method} at ${bits} bits per pixel`);
  const fields = method === "bit fields";
  // A header of 40 bytes is followed by the masks. A longer header contains them.
  const masksEnd = fields && size === 40 ? 52 : size;
  if (fields && bytes.length < 52) throw new Error("it is cut short in its header");
  const masks = fields ? [40, 44, 48].map((at) => view.getUint32(at, true)) : [];
  const colors = bits > 8 ? 0 : (old ? 0 : view.getUint32(32, true)) || 1 << bits;
  const entryBytes = old ? 3 : 4;
  const end = masksEnd + colors * entryBytes;
  if (colors > 1 << 16 || end > bytes.length) throw new Error("it is cut short in its palette");
  return {
    width: old ? view.getUint16(4, true) : view.getUint32(4, true),
    height: Math.abs(signedHeight),
    fromTop: signedHeight < 0,
    bits,
    runs,
    palette: paletteOf(bytes.subarray(masksEnd, end), entryBytes),
    ...layoutOf(bits, masks),
    end,
  };
}

/** Converts palette entries in the order BGR, which may have a fourth, unused byte, to RGB. */
function paletteOf(entries: Uint8Array, entryBytes: number): Uint8Array {
  const palette = new Uint8Array((entries.length / entryBytes) * 3);
  for (let index = 0; index < palette.length; index++)
    palette[index] = entries[Math.floor(index / 3) * entryBytes + 2 - (index % 3)] ?? 0;
  return palette;
}

type Layout = Pick<BitmapHeader, "greenBits" | "places">;

/** Returns the layout that masks of red, green and blue describe. Without masks, the order is BGR. */
function layoutOf(bits: number, masks: readonly number[]): Layout {
  const shown = masks.map((mask) => mask.toString(16)).join(",");
  const usual: Layout = { greenBits: 5, places: [2, 1, 0] };
  if (shown === "" || (bits === 32 && shown === "0,0,0")) return usual;
  if (bits === 16 && shown === "7c00,3e0,1f") return usual;
  if (bits === 16 && shown === "f800,7e0,1f") return { ...usual, greenBits: 6 };
  const [red = -1, green = -1, blue = -1] = masks.map((mask) => BYTE_MASKS.slice(0, bits / 8).indexOf(mask));
  if (bits < 24 || red < 0 || green < 0 || blue < 0)
    throw new Error(`the masks of its colors are ${shown} at ${bits} bits per pixel, which are not supported`);
  return { ...usual, places: [red, green, blue] };
}

const BYTE_MASKS: readonly number[] = [0xff, 0xff00, 0xff0000, 0xff000000];

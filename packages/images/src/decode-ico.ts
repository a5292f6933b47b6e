import { imageFormat } from "./image-format.ts";
import { decodeCommon } from "./decode-common.ts";
import { decodeDib } from "./decode-bmp.ts";
import type { Pixels } from "./pixels.ts";

const DIRECTORY_BYTES = 6;
const ENTRY_BYTES = 16;

/**
 * Decodes the largest icon of an ICO, like Pillow. Of equally large icons, the one with the fewest bits per pixel is
 * decoded. Transparency masks are dropped. Throws for an image that is damaged or too large.
 */
export async function decodeIco(bytes: Uint8Array): Promise<Pixels> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length < DIRECTORY_BYTES ? 0 : view.getUint16(4, true);
  if (count === 0) throw new Error("it is an ICO without an icon");
  if (bytes.length < DIRECTORY_BYTES + count * ENTRY_BYTES) throw new Error("it is cut short in its directory");
  const icons = Array.from({ length: count }, (_, index) => iconAt(view, DIRECTORY_BYTES + index * ENTRY_BYTES));
  const [largest] = icons.toSorted((one, other) => other.area - one.area || one.bits - other.bits);
  const file = bytes.subarray(largest?.offset ?? 0);
  if (imageFormat(file).decoder === "png")
    return decodeCommon(file, { description: "an ICO with a PNG", decoder: "png", upright: false });
  return decodeDib(file, { description: "an ICO with a bitmap", halfHeight: true });
}

interface Icon {
  readonly area: number;
  /** Bits per pixel, used only for comparison. Derived from the number of colors if the file does not contain it. */
  readonly bits: number;
  readonly offset: number;
}

function iconAt(view: DataView, position: number): Icon {
  const side = (at: number): number => view.getUint8(at) || 256;
  const colors = view.getUint8(position + 2);
  const bits = view.getUint16(position + 6, true) || (colors === 0 ? 0 : Math.ceil(Math.log2(colors))) || 256;
  return { area: side(position) * side(position + 1), bits, offset: view.getUint32(position + 12, true) };
}

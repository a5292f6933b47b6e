/** The tag PhotometricInterpretation, which defines the meaning of a TIFF's values. */
export const PHOTOMETRIC = 262;
export const WHITE_IS_ZERO = 0;

/**
 * Returns the first value of a 16-bit tag in the first directory of a TIFF or BigTIFF, or undefined if it is missing.
 */
export function tiffTag(bytes: Uint8Array, tag: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const big = view.getUint16(2, little) === 43;
  const long = (at: number): number => (big ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const directory = long(big ? 8 : 4);
  const countBytes = big ? 8 : 2;
  const entryBytes = big ? 20 : 12;
  if (directory + countBytes > bytes.length) return undefined;
  const count = big ? long(directory) : view.getUint16(directory, little);
  const first = directory + countBytes;
  const last = Math.min(first + count * entryBytes, bytes.length - entryBytes + 1);
  for (let entry = first; entry < last; entry += entryBytes) {
    if (view.getUint16(entry, little) === tag) return view.getUint16(entry + (big ? 12 : 8), little);
  }
  return undefined;
}

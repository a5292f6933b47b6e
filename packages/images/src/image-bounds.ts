/** Maximum number of pixels. Pillow refuses larger images as decompression bombs. */
export const MOST_PIXELS = 178_956_970;

/** Maximum length of a side in pixels, the limit of JPEG. */
const LONGEST_SIDE = 65_535;

/** Throws when an image has no pixels or exceeds the limits. `description` completes the sentence "it is ...". */
export function checkBounds(width: number, height: number, description: string): void {
  if (width > 0 && height > 0 && width * height <= MOST_PIXELS && Math.max(width, height) <= LONGEST_SIDE) return;
  const limits = `1 to ${MOST_PIXELS} pixels, up to ${LONGEST_SIDE} on a side, are supported`;
  throw new Error(`it is ${description} of ${width} x ${height}; ${limits}`);
}

/** Throws when fewer than `needed` bytes are left. */
export function checkLength(bytes: number, needed: number): void {
  if (bytes < needed) throw new Error(`it is cut short: ${needed - bytes} of ${needed} bytes of pixels are missing`);
}

import { CHANNELS, type Pixels } from "./pixels.ts";

/**
 * The image in the middle of a square canvas of its longer side; the spare line of an odd difference is at the
 * right or below (`expand2square` of LLaVA). A square image stays as it is.
 */
export function padToSquare(image: Pixels, background: readonly [number, number, number]): Pixels {
  const { width, height } = image;
  if (width === height) return image;
  const side = Math.max(width, height);
  const data = new Uint8Array(side * side * CHANNELS);
  for (let index = 0; index < data.length; index += CHANNELS) data.set(background, index);
  const left = Math.floor((side - width) / 2);
  const top = Math.floor((side - height) / 2);
  const stride = width * CHANNELS;
  for (let row = 0; row < height; row++) {
    data.set(image.data.subarray(row * stride, (row + 1) * stride), ((top + row) * side + left) * CHANNELS);
  }
  return { width: side, height: side, data };
}

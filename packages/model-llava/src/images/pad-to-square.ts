import type { Pixels } from "./pixels.ts";

/** An image at a place in a canvas of one colour. The canvas is never made: that of a strip would be huge. */
export interface FramedImage {
  /** Of the canvas. */
  readonly width: number;
  readonly height: number;
  readonly image: Pixels;
  /** Columns of the canvas left of the image. */
  readonly left: number;
  /** Rows of the canvas above the image. */
  readonly top: number;
  /** Red, green and blue of the canvas, 0 to 255. */
  readonly background: readonly [number, number, number];
}

/** The image alone. */
export function unframed(image: Pixels): FramedImage {
  return { width: image.width, height: image.height, image, left: 0, top: 0, background: [0, 0, 0] };
}

/**
 * The image in the middle of a square canvas of its longer side; the spare line of an odd difference is at the
 * right or below (`expand2square` of LLaVA). A square image stays as it is.
 */
export function padToSquare(image: Pixels, background: readonly [number, number, number]): FramedImage {
  const side = Math.max(image.width, image.height);
  const left = Math.floor((side - image.width) / 2);
  const top = Math.floor((side - image.height) / 2);
  return { width: side, height: side, image, left, top, background };
}

import type { Pixels } from "@mlan/images";

/** An image on a canvas of one colour. The canvas is never allocated, since it would be huge for a narrow strip. */
export interface FramedImage {
  /** Width of the canvas. */
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

/** Returns an image on a canvas of the same size, without a border. */
export function unframed(image: Pixels): FramedImage {
  return { width: image.width, height: image.height, image, left: 0, top: 0, background: [0, 0, 0] };
}

/**
 * Centres an image on a square canvas whose side is the image's longer side (LLaVA's `expand2square`). If the
 * difference is odd, the extra line is at the right or bottom. A square image is unchanged.
 */
export function padToSquare(image: Pixels, background: readonly [number, number, number]): FramedImage {
  const side = Math.max(image.width, image.height);
  const left = Math.floor((side - image.width) / 2);
  const top = Math.floor((side - image.height) / 2);
  return { width: side, height: side, image, left, top, background };
}

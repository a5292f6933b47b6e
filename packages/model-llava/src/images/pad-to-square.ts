import type { Pixels } from "@mlan/images";

/** An image on a canvas of one color. The canvas is never allocated, because it would be huge for a narrow image. */
export interface FramedImage {
  readonly width: number;
  readonly height: number;
  readonly image: Pixels;
  /** Number of canvas columns to the left of the image. */
  readonly left: number;
  /** Number of canvas rows above the image. */
  readonly top: number;
  /** Red, green and blue, 0 to 255. */
  readonly background: readonly [number, number, number];
}

/** Returns an image on a canvas of the same size. */
export function unframed(image: Pixels): FramedImage {
  return { width: image.width, height: image.height, image, left: 0, top: 0, background: [0, 0, 0] };
}

/**
 * Centers an image on a square canvas as large as its longer side (LLaVA's `expand2square`). An odd remainder goes to
 * the right or bottom.
 */
export function padToSquare(image: Pixels, background: readonly [number, number, number]): FramedImage {
  const side = Math.max(image.width, image.height);
  const left = Math.floor((side - image.width) / 2);
  const top = Math.floor((side - image.height) / 2);
  return { width: side, height: side, image, left, top, background };
}

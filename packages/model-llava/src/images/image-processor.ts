import type { ConfigObject } from "../config/config-file.ts";
import type { Resampling } from "./resampling-weights.ts";

/** The image preprocessing of a vision tower. */
export interface ImageProcessor {
  /** Side of the tower's square input, in pixels. */
  readonly size: number;
  /** Length of the shorter edge before the center crop, in pixels; at least `size`. */
  readonly shortestEdge: number;
  /** Factor for 8-bit values, e.g. 1 / 255. */
  readonly rescaleFactor: number;
  /** Mean per channel after rescaling; also the color of padding. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation per channel after rescaling. */
  readonly standardDeviation: readonly [number, number, number];
  /** Default "bicubic". */
  readonly resampling?: Resampling;
  /** Whether both edges are scaled by the same factor. Otherwise both become `shortestEdge`. Default true. */
  readonly keepsAspectRatio?: boolean;
  /** Whether images are always padded to squares, regardless of the model's configuration. Default false. */
  readonly padsToSquare?: boolean;
  /** Whether to subtract the mean and divide by the standard deviation. Default true. */
  readonly normalizes?: boolean;
}

/** Returns the preprocessing of OpenAI's CLIP models. `size` is the side of the tower's input in pixels. */
export function clipImageProcessor(size: number): ImageProcessor {
  return {
    size,
    shortestEdge: size,
    rescaleFactor: 1 / 255,
    mean: [0.48145466, 0.4578275, 0.40821073],
    standardDeviation: [0.26862954, 0.26130258, 0.27577711],
  };
}

/** The code of each filter in Pillow and in `preprocessor_config.json`. */
export const RESAMPLING_CODES: Readonly<Record<Resampling, number>> = {
  lanczos: 1,
  bilinear: 2,
  bicubic: 3,
  box: 4,
  hamming: 5,
};

/** Returns the keys of a `preprocessor_config.json` for a processor. */
export function imageProcessorKeys(processor: ImageProcessor): ConfigObject {
  const { size, shortestEdge, rescaleFactor, mean, standardDeviation, resampling = "bicubic" } = processor;
  const { keepsAspectRatio = true, padsToSquare = false, normalizes = true } = processor;
  return {
    image_processor_type: padsToSquare ? "LlavaImageProcessor" : "CLIPImageProcessor",
    ...(padsToSquare && { do_pad: true }),
    do_convert_rgb: true,
    do_resize: true,
    size: keepsAspectRatio ? { shortest_edge: shortestEdge } : { height: shortestEdge, width: shortestEdge },
    resample: RESAMPLING_CODES[resampling],
    do_center_crop: true,
    crop_size: { height: size, width: size },
    do_rescale: true,
    rescale_factor: rescaleFactor,
    do_normalize: normalizes,
    image_mean: mean,
    image_std: standardDeviation,
  };
}

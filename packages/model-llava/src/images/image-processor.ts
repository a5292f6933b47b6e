import type { ConfigObject } from "../config/config-file.ts";
import type { Resampling } from "./resampling-weights.ts";

/** How a vision tower expects its images to be preprocessed. */
export interface ImageProcessor {
  /** Pixels per side of the square that the tower reads. */
  readonly size: number;
  /** Length in pixels of the shorter edge before the centre crop; at least `size`. */
  readonly shortestEdge: number;
  /** Factor by which 8-bit values are multiplied, e.g. 1 / 255. */
  readonly rescaleFactor: number;
  /** Mean per channel, subtracted from the rescaled values; also the colour of padding. */
  readonly mean: readonly [number, number, number];
  /** Standard deviation per channel, by which the result is divided. */
  readonly standardDeviation: readonly [number, number, number];
  /** The resampling filter. Default "bicubic". */
  readonly resampling?: Resampling;
  /** Whether both edges are scaled by the same factor; otherwise both become `shortestEdge`. Default true. */
  readonly keepsAspectRatio?: boolean;
  /** Whether images are always padded to squares, whatever the model's configuration says. Default false. */
  readonly padsToSquare?: boolean;
  /** Whether mean and standard deviation are applied. Default true. */
  readonly normalizes?: boolean;
}

/** Returns the processor of OpenAI's CLIP models for a tower that reads squares of `size` pixels per side. */
export function clipImageProcessor(size: number): ImageProcessor {
  return {
    size,
    shortestEdge: size,
    rescaleFactor: 1 / 255,
    mean: [0.48145466, 0.4578275, 0.40821073],
    standardDeviation: [0.26862954, 0.26130258, 0.27577711],
  };
}

/** The number of each filter in Pillow and in `preprocessor_config.json`. */
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

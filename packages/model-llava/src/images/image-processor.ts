import { z } from "zod";
import { checkConfig, type ConfigObject, readConfigFile } from "../config/config-file.ts";

/** How a vision tower expects its images to be preprocessed. */
export interface ImageProcessor {
  /** Pixels per side of the square that the tower reads. */
  readonly size: number;
  /** Pixels of the shorter edge before the centre crop; at least `size`. */
  readonly shortestEdge: number;
  /** Factor for the 8-bit values. */
  readonly rescaleFactor: number;
  /** Per channel; subtracted from the rescaled values. */
  readonly mean: readonly [number, number, number];
  /** Per channel; the result is divided by it. */
  readonly standardDeviation: readonly [number, number, number];
}

/** The processor of OpenAI's CLIP models, for a tower that reads squares of `size` pixels. */
export function clipImageProcessor(size: number): ImageProcessor {
  return {
    size,
    shortestEdge: size,
    rescaleFactor: 1 / 255,
    mean: [0.48145466, 0.4578275, 0.40821073],
    standardDeviation: [0.26862954, 0.26130258, 0.27577711],
  };
}

/**
 * Reads CLIP's `preprocessor_config.json`, or the image processor inside a `processor_config.json`; undefined when that
 * holds none, as older versions wrote it. Throws `invalid-checkpoint` errors that name file and key.
 */
export async function readImageProcessor(file: URL): Promise<ImageProcessor | undefined> {
  const whole = await readConfigFile(file);
  const nested = whole["image_processor"];
  if (nested === undefined && file.pathname.endsWith("/processor_config.json")) return undefined;
  const path = nested === undefined ? "" : "image_processor";
  const config = checkConfig(schema, nested ?? whole, file, path);
  return {
    size: config.crop_size,
    shortestEdge: config.size,
    rescaleFactor: config.rescale_factor ?? 1 / 255,
    mean: config.image_mean,
    standardDeviation: config.image_std,
  };
}

/** The keys of a `preprocessor_config.json` for this processor. */
export function imageProcessorKeys({
  size,
  shortestEdge,
  rescaleFactor,
  mean,
  standardDeviation,
}: ImageProcessor): ConfigObject {
  return {
    image_processor_type: "CLIPImageProcessor",
    do_convert_rgb: true,
    do_resize: true,
    size: { shortest_edge: shortestEdge },
    resample: 3,
    do_center_crop: true,
    crop_size: { height: size, width: size },
    do_rescale: true,
    rescale_factor: rescaleFactor,
    do_normalize: true,
    image_mean: mean,
    image_std: standardDeviation,
  };
}

// The largest CLIP reads 448 pixels; images of any size are scaled to this size.
const pixels = z.int().positive().max(4096);
const edge = z.union([pixels, z.object({ shortest_edge: pixels }).transform((value) => value.shortest_edge)]);
const crop = z.union([
  pixels,
  z
    .object({ height: pixels, width: pixels })
    .refine(({ height, width }) => height === width, "only square crops are supported")
    .transform(({ height }) => height),
]);
const channels = z.tuple([z.number(), z.number(), z.number()]);
const done = z.literal(true, { error: "only true is supported" }).nullish();
const schema = z
  .object({
    size: edge,
    crop_size: crop,
    image_mean: channels,
    image_std: channels.refine((values) => values.every((value) => value > 0), "must be above 0"),
    rescale_factor: z.number().positive().nullish(),
    resample: z.literal(3, { error: "only 3, bicubic, is supported" }).nullish(),
    do_resize: done,
    do_center_crop: done,
    do_rescale: done,
    do_normalize: done,
  })
  .refine((config) => config.crop_size <= config.size, { path: ["crop_size"], error: "must not exceed size" });

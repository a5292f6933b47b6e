import { z } from "zod";
import { checkConfig, readConfigFile } from "../config/config-file.ts";
import { clipImageProcessor, type ImageProcessor, RESAMPLING_CODES } from "./image-processor.ts";

/**
 * Reads a `preprocessor_config.json`, or the image processor in a `processor_config.json`; undefined if the latter has
 * none. Supports CLIPImageProcessor and LlavaImageProcessor. A missing key gets transformers' default. Throws
 * `invalid-checkpoint` with file and key.
 */
export async function readImageProcessor(file: URL): Promise<ImageProcessor | undefined> {
  const whole = await readConfigFile(file);
  const nested = whole["image_processor"];
  if (nested === undefined && file.pathname.endsWith("/processor_config.json")) return undefined;
  const config = checkConfig(schema, nested ?? whole, file, nested === undefined ? "" : "image_processor");
  return {
    size: config.do_center_crop === false ? config.size.edge : config.crop_size,
    shortestEdge: config.size.edge,
    rescaleFactor: config.do_rescale === false ? 1 : config.rescale_factor,
    mean: config.image_mean,
    standardDeviation: config.image_std,
    ...(config.resample !== "bicubic" && { resampling: config.resample }),
    ...(!config.size.keepsAspectRatio && { keepsAspectRatio: false }),
    ...(padsToSquare(config) && { padsToSquare: true }),
    ...(config.do_normalize === false && { normalizes: false }),
  };
}

const CLIP_TYPES = ["CLIPImageProcessor", "CLIPImageProcessorFast", "CLIPImageProcessorPil", "CLIPFeatureExtractor"];
const LLAVA_TYPES = ["LlavaImageProcessor", "LlavaImageProcessorFast", "LlavaImageProcessorPil"];

interface Padding {
  readonly image_processor_type?: string | undefined;
  readonly do_pad?: boolean | undefined;
}

/** Returns whether images are padded to squares. CLIPImageProcessor ignores `do_pad`. */
function padsToSquare({ image_processor_type: type = "", do_pad: pads = false }: Padding): boolean {
  return pads && LLAVA_TYPES.includes(type);
}

// Side of a tower's input in pixels. The largest CLIP has 448.
const pixels = z.int().positive().max(4096);
const square = z
  .object({ height: pixels, width: pixels })
  .refine(({ height, width }) => height === width, "only squares are supported")
  .transform(({ height }) => height);
const squarePair = z
  .tuple([pixels, pixels])
  .transform(([height, width]) => ({ height, width }))
  .pipe(square);
const size = z.union([
  z
    .union([
      pixels,
      z.object({ shortest_edge: pixels, longest_edge: z.null().optional() }).transform((value) => value.shortest_edge),
    ])
    .transform((edge) => ({ edge, keepsAspectRatio: true })),
  z.union([square, squarePair]).transform((edge) => ({ edge, keepsAspectRatio: false })),
]);
const crop = z.union([pixels, square, squarePair]);

const number = z.number();
const channels = z.union([
  z.tuple([number, number, number]),
  number.transform((value): [number, number, number] => [value, value, value]),
]);

const resample = z
  .int()
  .transform((code) => Object.entries(RESAMPLING_CODES).find(([, known]) => known === code)?.[0])
  .pipe(z.enum(["lanczos", "bilinear", "bicubic", "box", "hamming"], "expected Pillow's filter 1, 2, 3, 4 or 5"));

const flag = z.boolean().optional();

const { mean, standardDeviation } = clipImageProcessor(224);

const schema = z
  .object({
    image_processor_type: z.enum([...CLIP_TYPES, ...LLAVA_TYPES]).optional(),
    size: size.default({ edge: 224, keepsAspectRatio: true }),
    crop_size: crop.default(224),
    image_mean: channels.default([...mean]),
    image_std: channels
      .refine((values) => values.every((value) => value > 0), "must be above 0")
      .default([...standardDeviation]),
    rescale_factor: z
      .number()
      .positive()
      .default(1 / 255),
    resample: resample.default("bicubic"),
    do_resize: z.literal(true, { error: "only true is supported" }).optional(),
    do_center_crop: flag,
    do_rescale: flag,
    do_normalize: flag,
    do_pad: flag,
    pad_size: z.undefined({ error: "is not supported" }).optional(),
    use_square_size: z.literal(false, { error: "is not supported" }).optional(),
  })
  .refine((config) => config.do_center_crop === false || config.crop_size <= config.size.edge, {
    path: ["crop_size"],
    error: "must not exceed size",
  })
  .refine((config) => config.do_center_crop !== false || !config.size.keepsAspectRatio || padsToSquare(config), {
    path: ["do_center_crop"],
    error: "only true is supported when images keep their aspect ratio",
  });

import { z } from "zod";
import { checkConfig, type ConfigObject, isObject, withoutNulls } from "./config-file.ts";

/** The sizes of a CLIP vision transformer. */
export interface VisionConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Pixels per side of the square input. */
  readonly imageSize: number;
  /** Pixels per side of a patch; divides `imageSize`. */
  readonly patchSize: number;
  readonly activation: "quick_gelu" | "gelu";
  readonly normEpsilon: number;
}

export function patchesPerImage({ imageSize, patchSize }: VisionConfig): number {
  return (imageSize / patchSize) ** 2;
}

/**
 * Reads a CLIP `config.json` (or its `vision_config`). A missing key gets the default of transformers'
 * CLIPVisionConfig. Throws `invalid-checkpoint` with file and key.
 */
export function visionConfig(value: ConfigObject, file: URL): VisionConfig {
  const nested = isObject(value["vision_config"]);
  const keys = nested ? { ...DEFAULTS, ...withoutNulls(Object(value["vision_config"])) } : value;
  const config = checkConfig(schema, keys, file, nested ? "vision_config" : "");
  return {
    hiddenSize: config.hidden_size,
    intermediateSize: config.intermediate_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    imageSize: config.image_size,
    patchSize: config.patch_size,
    activation: config.hidden_act,
    normEpsilon: config.layer_norm_eps,
  };
}

/** The defaults of transformers' CLIPVisionConfig. */
const DEFAULTS: ConfigObject = {
  hidden_size: 768,
  intermediate_size: 3072,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  image_size: 224,
  patch_size: 32,
};

const size = z
  .int()
  .positive()
  .max(2 ** 31 - 1);

const schema = z
  .object({
    hidden_size: size,
    intermediate_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    image_size: size,
    patch_size: size,
    num_channels: z.literal(3, { error: "only RGB is supported" }).default(3),
    hidden_act: z.enum(["quick_gelu", "gelu"]).default("quick_gelu"),
    layer_norm_eps: z.number().positive().max(1).default(1e-5),
  })
  .refine((config) => config.hidden_size % config.num_attention_heads === 0, {
    path: ["num_attention_heads"],
    error: "must divide hidden_size",
  })
  .refine((config) => config.image_size % config.patch_size === 0, {
    path: ["patch_size"],
    error: "must divide image_size",
  });

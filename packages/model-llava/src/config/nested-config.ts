import { MlanError, pathOf } from "@mlan/core";
import { z } from "zod";
import type { Architecture } from "../architectures/architecture.ts";
import { checkConfig, type ConfigObject, isObject } from "./config-file.ts";

/**
 * Returns whether a `config.json` has the layout of transformers' LLaVA, with the language model's keys in
 * `text_config`.
 */
export function isNested(value: ConfigObject): boolean {
  const isOriginal = "mm_vision_tower" in value && !("text_config" in value);
  return value["model_type"] === "llava" && !isOriginal;
}

/**
 * Converts the `config.json` of transformers' `LlavaForConditionalGeneration` to the keys of the original LLaVA. A key
 * that is missing from `text_config` gets transformers' default. Throws `invalid-checkpoint` for a variant that the
 * original keys cannot express.
 */
export function flatConfig(value: ConfigObject, { configDefaults, llava }: Architecture, file: URL): ConfigObject {
  const config = checkConfig(schema, value, file);
  const text = isObject(value["text_config"]) ? value["text_config"] : {};
  const vision = isObject(value["vision_config"]) ? value["vision_config"] : TOWER;
  const tied = text["tie_word_embeddings"] === true || value["tie_word_embeddings"] === true;
  const kept = Object.entries(value).filter(([key]) => KEPT.test(key));
  return {
    ...configDefaults,
    ...text,
    ...Object.fromEntries(kept),
    architectures: [llava.className],
    model_type: llava.modelType,
    tie_word_embeddings: tied,
    mm_vision_tower: config.vision_config?._name_or_path || TOWER_NAME,
    mm_projector_type: "mlp2x_gelu",
    mm_vision_select_layer: config.vision_feature_layer,
    vision_config: vision,
  };
}

/** CLIP ViT-L/14 at 336 pixels, the default of transformers' `LlavaConfig`. */
const TOWER_NAME = "openai/clip-vit-large-patch14-336";
const TOWER: ConfigObject = {
  hidden_size: 1024,
  intermediate_size: 4096,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  image_size: 336,
  patch_size: 14,
};

/** Matches keys outside `text_config` that describe the whole model. */
const KEPT = /^(mlan_.*|image_aspect_ratio|tokenizer_.*|(bos|eos|pad)_token_id)$/;

const schema = z.object({
  vision_config: z
    .object({
      _name_or_path: z.string().nullish(),
      model_type: z.literal("clip_vision_model", { error: "only CLIP towers are supported" }).nullish(),
    })
    .nullish(),
  vision_feature_layer: z.int().negative().default(-2),
  vision_feature_select_strategy: z.literal("default", { error: "only default is supported" }).nullish(),
  projector_hidden_act: z.literal("gelu", { error: "only gelu is supported" }).nullish(),
  multimodal_projector_bias: z.literal(true, { error: "only projectors with biases are supported" }).nullish(),
});

/** Returns the `model_type` of the language model. Default: Llama, as in transformers. */
export function nestedType(value: ConfigObject, file: URL): string {
  const text = value["text_config"] ?? {};
  if (!isObject(text)) {
    throw new MlanError("invalid-checkpoint", `model-llava: ${pathOf(file)}: key "text_config" must be an object.`);
  }
  const type = text["model_type"] ?? "llama";
  return typeof type === "string" ? type : String(type);
}

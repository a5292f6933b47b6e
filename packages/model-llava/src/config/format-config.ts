import type { ConversationFormat } from "@mlan/core";
import { z } from "zod";
import { plain } from "../templates/plain.ts";
import { v1 } from "../templates/v1.ts";
import { checkConfig, type ConfigObject } from "./config-file.ts";
import type { ModelType } from "./llava-config.ts";

/** MLAN's default `model_max_length` (arXiv 2411.10557, scripts/train). */
const DEFAULT_MAXIMUM_LENGTH = 2048;

/**
 * The format that the weights of a `config.json` were last trained with. A plain Llama has seen no conversation:
 * template "plain". LLaVA checkpoints of others do not name theirs and are tuned with "v1".
 */
export function formatConfig(value: ConfigObject, type: ModelType, file: URL): ConversationFormat {
  const config = checkConfig(schema, value, file);
  return {
    template: config.mlan_template ?? (type === "llama" ? "plain" : "v1"),
    imageAspectRatio: config.image_aspect_ratio ?? (type === "llama" ? "pad" : "square"),
    maximumLength:
      config.tokenizer_model_max_length ?? Math.min(DEFAULT_MAXIMUM_LENGTH, config.max_position_embeddings),
  };
}

/** The keys that say the same; `mlan_template` is ours, the others are LLaVA's. */
export function formatConfigKeys({ template, imageAspectRatio, maximumLength }: ConversationFormat): ConfigObject {
  return {
    mlan_template: template,
    image_aspect_ratio: imageAspectRatio,
    tokenizer_model_max_length: maximumLength,
    tokenizer_padding_side: "right",
  };
}

const TEMPLATE_NAMES: readonly string[] = [v1.name, plain.name];

const schema = z.object({
  mlan_template: z
    .string()
    .refine((name) => TEMPLATE_NAMES.includes(name), `known are ${TEMPLATE_NAMES.join(", ")}`)
    .nullish(),
  image_aspect_ratio: z.enum(["pad", "square"]).nullish(),
  tokenizer_model_max_length: z.int().positive().nullish(),
  max_position_embeddings: z.int().positive(),
});

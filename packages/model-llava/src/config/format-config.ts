import { type ConversationFormat, MlanError, pathOf, shownValue } from "@mlan/core";
import { z } from "zod";
import type { Architecture } from "../architectures/architecture.ts";
import { plain } from "../templates/plain.ts";
import { templatesOf } from "../templates/template-by-name.ts";
import type { CheckpointType } from "./checkpoint-type.ts";
import { checkConfig, type ConfigObject } from "./config-file.ts";
import type { LanguageConfig } from "./language-config.ts";

/** MLAN's default `model_max_length` (arXiv 2411.10557, scripts/train). */
const DEFAULT_MAXIMUM_LENGTH = 2048;

/**
 * The format that a checkpoint was last trained with. A plain backbone has seen no conversation: template "plain".
 * LLaVA checkpoints from elsewhere do not name their template and are assumed to use the architecture's.
 */
export function formatConfig(
  value: ConfigObject,
  type: CheckpointType,
  architecture: Architecture,
  file: URL,
): ConversationFormat {
  const config = checkConfig(schema, value, file);
  const names = templatesOf(architecture).map(({ name }) => name);
  const template = config.mlan_template ?? (type === "plain" ? plain.name : architecture.chatTemplate.name);
  if (!names.includes(template)) {
    const found = `key "mlan_template" is ${shownValue(template)} (expected one of ${names.join(", ")})`;
    throw new MlanError("invalid-checkpoint", `model-llava: ${pathOf(file)}: ${found}.`);
  }
  return {
    template,
    imageAspectRatio: config.image_aspect_ratio ?? (type === "plain" ? "pad" : "square"),
    maximumLength:
      config.tokenizer_model_max_length ?? Math.min(DEFAULT_MAXIMUM_LENGTH, config.max_position_embeddings),
  };
}

/**
 * Throws `invalid-options` for a maximum length at which dynamically scaled rotary positions would change with the length
 * of each batch.
 */
export function checkLength(
  { maximumLength }: ConversationFormat,
  { ropeScaling, maximumPositions }: LanguageConfig,
): void {
  if (ropeScaling?.type !== "dynamic" || maximumLength <= maximumPositions) return;
  const limit = `the model has dynamic rotary positions, which are supported up to ${maximumPositions} of them`;
  throw new MlanError("invalid-options", `model-llava: maximumLength is ${maximumLength}, but ${limit}.`);
}

/** The `config.json` keys of a format; `mlan_template` is ours, the others are LLaVA's. */
export function formatConfigKeys({ template, imageAspectRatio, maximumLength }: ConversationFormat): ConfigObject {
  return {
    mlan_template: template,
    image_aspect_ratio: imageAspectRatio,
    tokenizer_model_max_length: maximumLength,
    tokenizer_padding_side: "right",
  };
}

const schema = z.object({
  mlan_template: z.string().nullish(),
  image_aspect_ratio: z.enum(["pad", "square"]).nullish(),
  tokenizer_model_max_length: z.int().positive().nullish(),
  max_position_embeddings: z.int().positive(),
});

import { CHECKSUMS_FILE } from "@mlan/core";
import { BASE_FILE } from "./base-file.ts";

/** Files that saving copies from the folder that the model was opened from. */
export const CARRIED_FILES: readonly string[] = [
  "generation_config.json",
  "chat_template.jinja",
  "chat_template.json",
  "vocab.json",
  "merges.txt",
];

const WEIGHTS = [
  /^(model|pytorch_model|tf_model|flax_model|adapter_model|trained)(-\d+-of-\d+)?\.(safetensors|bin|h5|msgpack)(\.index\.json)?$/,
  /^mm_projector\.(bin|pt|safetensors)$/,
  /^non_lora_trainables\.bin$/,
];

const OTHERS = new Set([
  ...CARRIED_FILES,
  CHECKSUMS_FILE,
  BASE_FILE,
  "config.json",
  "adapter_config.json",
  "preprocessor_config.json",
  "processor_config.json",
  "tokenizer.json",
  "tokenizer.model",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
]);

/**
 * Returns whether a file belongs to a model in one of the layouts that mlan or the reference libraries write. Such a
 * file would be stale beside another model's files.
 */
export function isModelFile(name: string): boolean {
  return OTHERS.has(name) || WEIGHTS.some((pattern) => pattern.test(name));
}

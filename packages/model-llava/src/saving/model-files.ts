import { CHECKSUMS_FILE } from "@mlan/core";
import { TEMPLATES_FOLDER } from "../templates/jinja/read-chat-templates.ts";
import { BASE_FILE, VERIFIED_FILE } from "./base-file.ts";

/** Files that saving copies from the opened folder. */
export const COPIED_FILES: readonly string[] = [
  "generation_config.json",
  "chat_template.jinja",
  "chat_template.json",
  "vocab.json",
  "merges.txt",
];

const WEIGHTS = [
  // Includes the variants of transformers, such as "model.fp16.safetensors" and "model.safetensors.index.fp16.json".
  /^(model|pytorch_model|tf_model|flax_model|adapter_model|trained)(\.\w+)?(-\d+-of-\d+)?\.(safetensors|bin|h5|msgpack)(\.index(\.\w+)?\.json)?$/,
  // Weights in a publisher's own layout, next to weights in Hugging Face layout.
  /^consolidated[\w.-]*\.(safetensors|pth|json)$/,
  /^mm_projector\.(bin|pt|safetensors)$/,
  /^non_lora_trainables\.bin$/,
];

const OTHERS = new Set([
  ...COPIED_FILES,
  CHECKSUMS_FILE,
  BASE_FILE,
  VERIFIED_FILE,
  "config.json",
  "adapter_config.json",
  "params.json",
  "preprocessor_config.json",
  "processor_config.json",
  "tokenizer.json",
  "tokenizer.model",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
]);

/**
 * Returns whether a file belongs to a model in a layout that mlan or the reference libraries write. Such a file of an
 * earlier model would be stale. `name` is a path; a path with a slash at the end is a folder.
 */
export function isModelFile(name: string): boolean {
  return name.startsWith(TEMPLATES_FOLDER) || OTHERS.has(name) || WEIGHTS.some((pattern) => pattern.test(name));
}

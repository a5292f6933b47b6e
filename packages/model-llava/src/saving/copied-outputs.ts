import { templatesOf } from "../templates/template-by-name.ts";
import type { CheckpointContent } from "./checkpoint-content.ts";
import { languageKeys } from "./config-keys.ts";
import { jsonText } from "./json-numbers.ts";

/**
 * Returns the files that both layouts have in addition to the weights: copies of the opened folder's files, and further
 * files that transformers expects.
 */
export function copiedOutputs(content: CheckpointContent): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>(content.copied.files);
  if (!files.has("generation_config.json")) files.set("generation_config.json", generationConfig(content));
  // A SentencePiece model alone does not identify its tokenizer's class.
  if (!files.has("tokenizer_config.json") && files.has("tokenizer.model"))
    files.set("tokenizer_config.json", jsonText(LLAMA_TOKENIZER));
  const { jinja } = templatesOf(content.architecture).find(({ name }) => name === content.format.template) ?? {};
  // Otherwise transformers would use the backbone's template for a tuned model.
  if (jinja !== undefined) files.set("chat_template.jinja", jinja);
  return files;
}

function generationConfig(content: CheckpointContent): string {
  const { bos_token_id, eos_token_id, pad_token_id } = languageKeys(content);
  return jsonText({ _from_model_config: true, bos_token_id, eos_token_id, pad_token_id });
}

/** The values that this package assumes for missing keys of a `tokenizer_config.json`. */
const LLAMA_TOKENIZER = {
  tokenizer_class: "LlamaTokenizer",
  add_bos_token: true,
  add_eos_token: false,
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  legacy: true,
  clean_up_tokenization_spaces: false,
};

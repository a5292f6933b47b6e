import { templatesOf } from "../templates/template-by-name.ts";
import type { CheckpointContent } from "./checkpoint-content.ts";
import { languageKeys } from "./config-keys.ts";
import { jsonText } from "./json-numbers.ts";

/**
 * The files that both layouts have besides the weights: those that were carried, byte for byte, and those that the
 * opened folder lacked and that transformers expects.
 */
export function carriedOutputs(content: CheckpointContent): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>(content.carried.files);
  if (!files.has("generation_config.json")) files.set("generation_config.json", generationConfig(content));
  // A SentencePiece model alone does not say which tokenizer reads it.
  if (!files.has("tokenizer_config.json") && files.has("tokenizer.model"))
    files.set("tokenizer_config.json", jsonText(LLAMA_TOKENIZER));
  const { jinja } = templatesOf(content.architecture).find(({ name }) => name === content.format.template) ?? {};
  // Without it, transformers would ask a tuned model as its backbone was asked.
  if (jinja !== undefined) files.set("chat_template.jinja", jinja);
  return files;
}

function generationConfig(content: CheckpointContent): string {
  const { bos_token_id, eos_token_id, pad_token_id } = languageKeys(content);
  return jsonText({ _from_model_config: true, bos_token_id, eos_token_id, pad_token_id });
}

/** What our reader assumes where the key is absent. */
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

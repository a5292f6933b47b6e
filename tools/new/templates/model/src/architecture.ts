import { type Architecture, languageConfig, llamaDecoder, llamaTokenizer, v1 } from "@mlan/model-llava";

/** The decoder of Llama under the names of new-name in `config.json`. */
export const newNameArchitecture: Architecture = {
  name: "new-name",
  plain: { modelType: "new-name", className: "NewNameForCausalLM" },
  llava: { modelType: "llava_new-name", className: "LlavaNewNameForCausalLM" },
  config: languageConfig,
  decoder: llamaDecoder,
  tokenizer: llamaTokenizer,
  chatTemplate: v1,
};

import { languageConfig } from "../config/language-config.ts";
import { llama2Template } from "../templates/llama-2.ts";
import { v1 } from "../templates/v1.ts";
import { llamaTokenizer } from "../tokenizer/tokenizer-kind.ts";
import type { Architecture } from "./architecture.ts";
import { llamaDecoder } from "./llama-decoder.ts";

/** Llama and what shares its code in transformers, such as Vicuna (arXiv 2302.13971, 2307.09288). */
export const llama: Architecture = {
  name: "Llama",
  plain: { modelType: "llama", className: "LlamaForCausalLM" },
  llava: { modelType: "llava_llama", className: "LlavaLlamaForCausalLM", alias: "llava" },
  config: languageConfig,
  decoder: llamaDecoder,
  tokenizer: llamaTokenizer,
  chatTemplate: v1,
  templates: [llama2Template],
};

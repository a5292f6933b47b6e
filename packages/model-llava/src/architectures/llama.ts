import { languageConfig } from "../config/language-config.ts";
import { llama2Template } from "../templates/llama-2.ts";
import { v1 } from "../templates/v1.ts";
import { llamaTokenizer } from "../tokenizer/tokenizer-kind.ts";
import type { Architecture } from "./architecture.ts";
import { llamaDecoder } from "./llama-decoder.ts";

/** Llama (arXiv 2302.13971, 2307.09288) and models with the same code in transformers, such as Vicuna. */
export const llama: Architecture = {
  name: "Llama",
  plain: { modelType: "llama", className: "LlamaForCausalLM" },
  llava: { modelType: "llava_llama", className: "LlavaLlamaForCausalLM", alias: "llava" },
  // The defaults of transformers' LlamaConfig.
  configDefaults: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 2048,
    rms_norm_eps: 1e-6,
    bos_token_id: 1,
    eos_token_id: 2,
  },
  config: languageConfig,
  decoder: llamaDecoder,
  tokenizer: llamaTokenizer,
  chatTemplate: v1,
  templates: [llama2Template],
};

import {
  type Architecture,
  byteLevelTokenizer,
  checkConfig,
  type ConfigObject,
  type LanguageConfig,
  languageConfig,
  llamaDecoder,
} from "@mlan/model-llava";
import { z } from "zod";
import { chatml } from "./chatml.ts";

/** Qwen2 and Qwen2.5 (arXiv 2407.10671, 2412.15115): Llama's layers with biases of queries, keys and values. */
export const qwen2Architecture: Architecture = {
  name: "Qwen2",
  plain: { modelType: "qwen2", className: "Qwen2ForCausalLM" },
  llava: { modelType: "llava_qwen", className: "LlavaQwenForCausalLM" },
  // Those of transformers' Qwen2Config.
  configDefaults: {
    vocab_size: 151_936,
    hidden_size: 4096,
    intermediate_size: 22_016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    max_position_embeddings: 32_768,
    rms_norm_eps: 1e-6,
  },
  config: qwen2Config,
  decoder: (config, list) => llamaDecoder(config, list, { attentionBias: true }),
  tokenizer: byteLevelTokenizer,
  chatTemplate: chatml,
};

/** Refuses what would be computed differently and is written under keys that Llama does not have. */
function qwen2Config(value: ConfigObject, file: URL): LanguageConfig {
  checkConfig(schema, value, file);
  // Llama's keys on biases, which Qwen2 does not read.
  return languageConfig({ ...value, attention_bias: null, mlp_bias: null }, file);
}

const slidingWindow = "sliding-window attention is not supported";
const schema = z.object({
  use_sliding_window: z.literal(false, { error: slidingWindow }).nullish(),
  // transformers 5 writes the kind of each layer's attention.
  layer_types: z.array(z.literal("full_attention", { error: slidingWindow })).nullish(),
  use_mrope: z.literal(false, { error: "multimodal rotary positions are not supported" }).nullish(),
});

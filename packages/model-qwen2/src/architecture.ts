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

/** Qwen2 and Qwen2.5 (arXiv 2407.10671, 2412.15115): Llama's layers with biases for queries, keys and values. */
export const qwen2Architecture: Architecture = {
  name: "Qwen2",
  plain: { modelType: "qwen2", className: "Qwen2ForCausalLM" },
  llava: { modelType: "llava_qwen", className: "LlavaQwenForCausalLM" },
  // The defaults of transformers' Qwen2Config.
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

/** Reads the sizes from a `config.json`. Throws `invalid-checkpoint` for variants of Qwen2 that are not supported. */
function qwen2Config(value: ConfigObject, file: URL): LanguageConfig {
  checkConfig(schema, value, file);
  // Qwen2 ignores Llama's keys for biases.
  return languageConfig({ ...value, attention_bias: null, mlp_bias: null }, file);
}

const slidingWindow = "sliding-window attention is not supported";
const schema = z.object({
  use_sliding_window: z.literal(false, { error: slidingWindow }).nullish(),
  // The kind of attention of each layer, written by transformers 5.
  layer_types: z.array(z.literal("full_attention", { error: slidingWindow })).nullish(),
  use_mrope: z.literal(false, { error: "multimodal rotary positions are not supported" }).nullish(),
});

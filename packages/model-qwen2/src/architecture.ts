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
  config: qwen2Config,
  decoder: (config, list) => llamaDecoder(config, list, { attentionBias: true }),
  tokenizer: byteLevelTokenizer,
  chatTemplate: chatml,
};

/** Refuses what would be computed differently and is written under keys that Llama does not have. */
function qwen2Config(value: ConfigObject, file: URL): LanguageConfig {
  checkConfig(schema, value, file);
  return languageConfig(value, file, { attentionBias: true });
}

const slidingWindow = "sliding-window attention is not supported";
const schema = z.object({
  use_sliding_window: z.literal(false, { error: slidingWindow }).nullish(),
  // transformers 5 writes the kind of each layer's attention.
  layer_types: z.array(z.literal("full_attention", { error: slidingWindow })).nullish(),
  use_mrope: z.literal(false, { error: "multimodal rotary positions are not supported" }).nullish(),
});

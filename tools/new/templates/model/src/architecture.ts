import { type Architecture, checkConfig, languageConfig, llamaDecoder, llamaTokenizer, v1 } from "@mlan/model-llava";
import { z } from "zod";

/** The decoder of Llama with new-name's `model_type` in `config.json`. */
export const newNameArchitecture: Architecture = {
  name: "new-name",
  plain: { modelType: "new-name", className: "NewNameForCausalLM" },
  llava: { modelType: "llava_new-name", className: "LlavaNewNameForCausalLM" },
  config(value, file) {
    checkConfig(schema, value, file);
    return languageConfig(value, file);
  },
  decoder: llamaDecoder,
  tokenizer: llamaTokenizer,
  chatTemplate: v1,
};

/** Keys that Llama does not have. Values that would require a different computation are refused. */
const schema = z.object({ sliding_window: z.null({ error: "sliding-window attention is not supported" }).optional() });

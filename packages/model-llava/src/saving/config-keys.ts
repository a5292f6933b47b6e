import { type ConfigObject, isObject } from "../config/config-file.ts";
import { type LanguageConfig, trainedPositions } from "../config/language-config.ts";
import type { VisionConfig } from "../config/vision-config.ts";
import type { CheckpointContent } from "./checkpoint-content.ts";
import { float } from "./json-numbers.ts";

/** Matches keys of a `config.json` that describe LLaVA or the folder, not the language model. */
const NOT_LANGUAGE =
  /^(mm_|mlan_|vision_|image_|projector_|multimodal_|tokenizer_|unfreeze_mm_|freeze_mm_|tune_mm_|use_mm_|text_config$|ignore_index$|architectures$|model_type$|auto_map$|dtype$|torch_dtype$|_name_or_path$)/;

/** Returns the keys of the language model for every layout of the opened model. */
export function languageKeys({ copied, language }: CheckpointContent): ConfigObject {
  const { config } = copied;
  const nested = config["text_config"];
  const own = isObject(nested) ? { ...tokenIds(config), ...nested } : config;
  const kept = Object.fromEntries(Object.entries(own).filter(([key]) => !NOT_LANGUAGE.test(key)));
  return {
    ...languageSizes(language, kept),
    ...kept,
    vocab_size: language.vocabularySize,
    // The weights decide, because a config.json may wrongly tie the output layer to the embedding.
    tie_word_embeddings: language.tiedEmbeddings,
  };
}

/** Returns the keys of the vision tower, from its own folder or from the model's `config.json`. */
export function towerKeys({ copied: { tower, config }, vision }: CheckpointContent): ConfigObject {
  const around = tower ?? config;
  const nested = around["vision_config"];
  const own = isObject(nested) ? nested : (tower ?? vision?.configObject ?? {});
  return vision ? { ...towerSizes(vision.config), ...own } : own;
}

/** Returns the keys that transformers' LLaVA has outside `text_config` and `vision_config`. */
function tokenIds({ bos_token_id, eos_token_id, pad_token_id }: ConfigObject): ConfigObject {
  return { bos_token_id, eos_token_id, pad_token_id };
}

/** Returns the keys of the language model's sizes. Older files omit keys with transformers' default values. */
function languageSizes(language: LanguageConfig, own: ConfigObject): ConfigObject {
  return {
    hidden_size: language.hiddenSize,
    intermediate_size: language.intermediateSize,
    num_hidden_layers: language.layers,
    num_attention_heads: language.heads,
    num_key_value_heads: language.keyValueHeads,
    hidden_act: "silu",
    max_position_embeddings: trainedPositions(language),
    rms_norm_eps: float(language.normEpsilon),
    ...("rope_parameters" in own ? {} : { rope_theta: float(language.ropeTheta) }),
    tie_word_embeddings: language.tiedEmbeddings,
  };
}

function towerSizes(vision: VisionConfig): ConfigObject {
  return {
    hidden_size: vision.hiddenSize,
    intermediate_size: vision.intermediateSize,
    num_hidden_layers: vision.layers,
    num_attention_heads: vision.heads,
    image_size: vision.imageSize,
    patch_size: vision.patchSize,
    hidden_act: vision.activation,
    layer_norm_eps: float(vision.normEpsilon),
  };
}

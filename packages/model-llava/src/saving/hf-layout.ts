import type { Parameter } from "@mlan/core";
import { formatConfigKeys } from "../config/format-config.ts";
import { patchesPerImage } from "../config/vision-config.ts";
import { imageProcessorKeys } from "../images/image-processor.ts";
import { copiedOutputs } from "./copied-outputs.ts";
import type { CheckpointContent, LaidOut } from "./checkpoint-content.ts";
import { languageKeys, towerKeys } from "./config-keys.ts";
import { addImageToken, IMAGE_TOKEN, imageTokenOf, withRows } from "./image-token.ts";
import { jsonText } from "./json-numbers.ts";
import { llavaLayout } from "./llava-layout.ts";
import { tokenizerJsonOf } from "./sentencepiece-json.ts";

/**
 * Returns the layout of `LlavaForConditionalGeneration`, with names for versions 4 and 5 of transformers. Without a
 * tower, returns the layout of the plain backbone.
 */
export function hfLayout(content: CheckpointContent, dtype: string): LaidOut {
  const { architecture, language, format, vision, weights } = content;
  if (!vision) return llavaLayout(content, dtype);
  const { plain } = architecture;
  const token = imageTokenOf(content);
  const text = { ...languageKeys(content), vocab_size: token.rows };
  const config = {
    architectures: ["LlavaForConditionalGeneration"],
    model_type: "llava",
    torch_dtype: dtype,
    text_config: { ...text, torch_dtype: dtype, architectures: [plain.className], model_type: plain.modelType },
    vision_config: { ...towerKeys(content), torch_dtype: dtype, model_type: "clip_vision_model" },
    image_token_index: token.id,
    image_seq_length: patchesPerImage(vision.config),
    projector_hidden_act: "gelu",
    multimodal_projector_bias: true,
    vision_feature_layer: vision.selectLayer,
    vision_feature_select_strategy: "default",
    tie_word_embeddings: language.tiedEmbeddings,
    ...formatConfigKeys(format, content.templateFingerprint),
  };
  const files = copiedOutputs(content);
  const sentencePiece = content.copied.files.get("tokenizer.model");
  if (sentencePiece && !files.has("tokenizer.json")) files.set("tokenizer.json", tokenizerJsonOf(sentencePiece, files));
  addImageToken(files, token);
  files.set("preprocessor_config.json", jsonText(processorKeys(content)));
  const processor = {
    processor_class: "LlavaProcessor",
    patch_size: vision.config.patchSize,
    vision_feature_select_strategy: "default",
    image_token: IMAGE_TOKEN,
    // The class token. The strategy "default" removes it.
    num_additional_image_tokens: 1,
  };
  files.set("processor_config.json", jsonText(processor));
  return { config, files, weights: weights.map((weight) => renamed(hasVocabulary(weight, token.rows))) };
}

function processorKeys({ vision, format }: CheckpointContent): unknown {
  const keys = vision && imageProcessorKeys(vision.processor);
  const common = { ...keys, processor_class: "LlavaProcessor" };
  return format.imageAspectRatio === "pad"
    ? { ...common, image_processor_type: "LlavaImageProcessor", do_pad: true }
    : common;
}

function hasVocabulary(weight: Parameter, rows: number): Parameter {
  return VOCABULARY.has(weight.name) ? withRows(weight, rows) : weight;
}

const VOCABULARY: ReadonlySet<string> = new Set(["model.embed_tokens.weight", "lm_head.weight"]);

/** Prefixes of tensor names with their replacements. The first match applies. */
const NAMES = [
  ["model.vision_tower.vision_tower.", "vision_tower."],
  ["model.mm_projector.0.", "multi_modal_projector.linear_1."],
  ["model.mm_projector.2.", "multi_modal_projector.linear_2."],
  ["", "language_model."],
] as const;

function renamed(weight: Parameter): Parameter {
  const [before, after] = NAMES.find(([start]) => weight.name.startsWith(start)) ?? ["", ""];
  return {
    name: `${after}${weight.name.slice(before.length)}`,
    component: weight.component,
    shape: weight.shape,
    read: () => weight.read(),
  };
}

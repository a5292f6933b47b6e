export type { Architecture, CheckpointKind } from "./architectures/architecture.ts";
export { llama } from "./architectures/llama.ts";
export { llamaDecoder, type LlamaDecoderOptions } from "./architectures/llama-decoder.ts";
export { packagesThatRead } from "./architectures/packages-that-read.ts";
export { type BackboneDefinition, type BackboneOptions, backbonePlugin } from "./backbone.ts";
export { disposeInputTensors, type InputTensors, inputTensors, type LoadPixels } from "./batch/input-tensors.ts";
export { disposeSelection, type Selection, selection, shiftedTargets, type Target } from "./batch/selection.ts";
export { type Splice, splice, type SpliceOptions, type SpliceRow } from "./batch/splice.ts";
export { checkConfig, type ConfigObject } from "./config/config-file.ts";
export { type LanguageConfig, languageConfig } from "./config/language-config.ts";
export type { RopeScaling } from "./config/rope-config.ts";
export { type VisionConfig } from "./config/vision-config.ts";
export { encodeConversation, type EncodeConversationOptions } from "./encode-conversation.ts";
export { type LowRankAdapter, withAdapter } from "./linear/adapted-linear.ts";
export { denseLinear } from "./linear/dense-linear.ts";
export type { Linear } from "./linear/linear.ts";
export { frozenLinear } from "./linear/frozen-linear.ts";
export { createLlavaSource, type LlavaSource, type LlavaSourceOptions, type Repository } from "./llava-source.ts";
export type { LlavaModel } from "./llava-model.ts";
export type { ExportOptions } from "./saving/export-checkpoint.ts";
export type { SaveOptions } from "./saving/save-options.ts";
export type { Layout, TrainingPrecision } from "./memory/layout.ts";
export type { Held, LayerMemory, Step } from "./memory/memory-walk.ts";
export type { AdapterInTraining, WeightsInTraining } from "./memory/weights-in-training.ts";
export { LLAVA_7B, type ModelSizes, modelSizes } from "./memory/model-sizes.ts";
export { predictTrainingMemory, type TrainingMemory } from "./memory/predict-training-memory.ts";
export type { TrainingMemoryOptions } from "./memory/training-memory-options.ts";
export type { KeyValue } from "./network/attention.ts";
export type { RotaryTable } from "./network/rotary.ts";
export type { WeightPart } from "./weights/parts.ts";
export { type Decoder, type DecoderLayer, type LayerInput, logits } from "./network/decoder.ts";
export {
  crossEntropy,
  disposeNetwork,
  hiddenStates,
  type LlavaNetwork,
  llavaNetwork,
  type NetworkSizes,
  type VisionOptions,
} from "./network/llava-network.ts";
export { unfoldPatches, visionHiddenStates, type VisionTower } from "./network/vision-tower.ts";
export { declareVisionTower } from "./network/vision-tower-weights.ts";
export type { PlacedTurn } from "./templates/place-images.ts";
export { JINJA_MACROS } from "./templates/jinja-macros.ts";
export { plain } from "./templates/plain.ts";
export { addedToken, given, imagesAndText, type Segment } from "./templates/segments.ts";
export type {
  LabelInput,
  Labels,
  OriginalRules,
  PlacedConversation,
  PlacedPrompt,
  Template,
} from "./templates/template.ts";
export { v1 } from "./templates/v1.ts";
export { loadTokenizer } from "./tokenizer/load-tokenizer.ts";
export { byteLevelTokenizer, llamaTokenizer, type TokenizerKind } from "./tokenizer/tokenizer-kind.ts";
export type { EncodeOptions, Tokenizer } from "./tokenizer/tokenizer.ts";
export { IGNORE_INDEX, IMAGE_TOKEN_INDEX } from "./tokens.ts";
export { BASE_FILE } from "./saving/base-file.ts";
export { isModelFile } from "./saving/model-files.ts";
export { learn } from "./weights/learning.ts";
export { loadWeights } from "./weights/load-weights.ts";
export { QUANTIZED_FOLDER } from "./weights/quantized-file.ts";
export { openWeights } from "./weights/open-weights.ts";
export { planWeights } from "./weights/weight-plan.ts";
export { type WeightDeclarations, type WeightList, weightList } from "./weights/weight-list.ts";
export type { Weight } from "./weights/weight.ts";

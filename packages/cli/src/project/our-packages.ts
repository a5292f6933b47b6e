/**
 * Every package of mlan: only these are named in a command to install something, since a name that anybody may have
 * taken could bring anything. `tools/architecture` compares the list with the workspace.
 */
export const OUR_PACKAGES: readonly string[] = [
  "@mlan/backend-onnx",
  "@mlan/backend-tensorflow",
  "@mlan/cli",
  "@mlan/core",
  "@mlan/data-ai2d",
  "@mlan/data-boolq",
  "@mlan/data-captions",
  "@mlan/data-gqa",
  "@mlan/data-hellaswag",
  "@mlan/data-kit",
  "@mlan/data-miniworld",
  "@mlan/data-mlan",
  "@mlan/data-openbookqa",
  "@mlan/data-pope",
  "@mlan/data-race",
  "@mlan/data-realworldqa",
  "@mlan/data-scienceqa",
  "@mlan/eval-compare",
  "@mlan/eval-contamination",
  "@mlan/eval-generation",
  "@mlan/eval-kit",
  "@mlan/eval-likelihood",
  "@mlan/fused-ops",
  "@mlan/model-llama2",
  "@mlan/model-llava",
  "@mlan/model-qwen2",
  "@mlan/model-vicuna",
  "@mlan/pytorch-files",
  "@mlan/safetensors",
  "@mlan/statistics",
  "@mlan/testing",
  "@mlan/trainer",
  "@mlan/trainer-cpu",
  "@mlan/trainer-gpu",
];

/** Those with a plugin's name that are none: packages that plugins are made with, data for trials, and tools. */
export const NO_PLUGINS: ReadonlySet<string> = new Set([
  "@mlan/data-kit",
  "@mlan/data-miniworld",
  "@mlan/eval-compare",
  "@mlan/eval-contamination",
  "@mlan/eval-kit",
  "@mlan/model-llava",
]);

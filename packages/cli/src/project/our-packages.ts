/**
 * All packages of mlan. Messages advise to install only these, since anybody may have registered any other name.
 * `tools/architecture` compares the list with the workspace.
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
  "@mlan/errors",
  "@mlan/eval-compare",
  "@mlan/eval-contamination",
  "@mlan/eval-generation",
  "@mlan/eval-kit",
  "@mlan/eval-likelihood",
  "@mlan/fused-ops",
  "@mlan/hub",
  "@mlan/model-endpoint",
  "@mlan/model-llama2",
  "@mlan/model-llava",
  "@mlan/model-qwen2",
  "@mlan/model-vicuna",
  "@mlan/pytorch-files",
  "@mlan/safetensors",
  "@mlan/serve",
  "@mlan/statistics",
  "@mlan/testing",
  "@mlan/trainer",
  "@mlan/trainer-cpu",
  "@mlan/trainer-gpu",
];

/** Packages whose names look like plugins but are not: kits, trial data, and tools. */
export const NO_PLUGINS: ReadonlySet<string> = new Set([
  "@mlan/data-kit",
  "@mlan/data-miniworld",
  "@mlan/eval-compare",
  "@mlan/eval-contamination",
  "@mlan/eval-kit",
  "@mlan/model-llava",
]);

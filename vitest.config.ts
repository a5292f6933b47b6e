import { defineConfig } from "vitest/config";

/** Tests run on the sources: the condition stands first in every package's exports map. */
const conditions = ["@mlan/source", "node", "import", "module", "default"];

const all = ["packages/*/test/**/*.test.ts", "tools/*/test/**/*.test.ts"];

/** What changes or measures the whole process: backends, native libraries, threads, memory, a module of Node. */
const alone = [
  "packages/{backend-onnx,fused-ops,trainer-gpu}/test/**/*.test.ts",
  "packages/backend-tensorflow/test/{*,install/real-install}.test.ts",
  "tools/benchmarks/test/evaluation-alone.test.ts",
  "packages/model-llava/test/inspect.test.ts",
  "packages/trainer-cpu/test/gradient-checkpointing.test.ts",
  "packages/core/test/run-lock-without-links.test.ts",
  "packages/*/test/{memory,large-rows,streaming}.test.ts",
];

/** What computes on ONNX Runtime, which also changes what JavaScript makes of the smallest numbers: they become 0. */
const computing = [
  "packages/{data-miniworld,eval-likelihood,model-*,serve,trainer,trainer-*}/test/**/*.test.ts",
  "tools/benchmarks/test/**/*.test.ts",
  "packages/cli/test/{chat,export,serve}.test.ts",
];

/** What compares values with tfjs's own on the CPU, or computes on two threads, and neither changes nor measures a process. */
const comparing = [
  "packages/backend-onnx/test/kernels/*.test.ts",
  "packages/backend-onnx/test/{apply-*,bad-input,compiled,compiled-training,contract,donated}.test.ts",
  "packages/backend-onnx/test/{frozen-tensors,matrices-in-files,repeatability,scatter-determinism}.test.ts",
  "packages/fused-ops/test/{apply-*,attention-to-parts,blocked-attention,checkpointed,low-rank-change}.test.ts",
  "packages/fused-ops/test/{operations,packed-moments,quantize,sum-over-blocks,value-and-gradients}.test.ts",
  "packages/fused-ops/test/writable-tensors.test.ts",
];

/** What copies the whole workspace and runs its gates there; `npm test` without paths leaves it to `.ci/run`. */
const workspace = ["tools/{new,nx}/test/**/*.test.ts"];

/** What opens hundreds of files, each damaged in one place; left to `.ci/run` likewise. */
const mutations = ["packages/{data-kit,hub,pytorch-files,safetensors}/test/{hostile-*,hub-hostile}.test.ts"];
const computingMutations = ["packages/{model-*,serve,trainer}/test/{hostile-*,damaged-checkpoint}.test.ts"];

/** What compares predicted memory with that of many kinds of training steps; left to `.ci/run` likewise. */
const predictions = ["packages/model-llava/test/{training-memory*,adapter-memory}.test.ts"];

/** What runs whole examples, or all nine benchmarks of the miniature; left to `.ci/run` likewise. */
const examples = [
  "tools/benchmarks/test/{contamination,format-answers,lora-example,moment-precision,other-answers,study-example}.test.ts",
  "packages/eval-contamination/test/miniworld.test.ts",
];

/** What computes on a WebGPU device, also one in software; left to `.ci/run` likewise. */
const webgpu = ["packages/backend-onnx/test/webgpu/*.test.ts"];

/** What needs a Chromium, and is skipped where there is none; left to `.ci/run` likewise. */
const browser = ["packages/report/test/browser/*.test.ts"];

const common = {
  root: import.meta.dirname,
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};
const equalBytes = "tools/setup/equal-bytes.ts";
const oneThread = "tools/setup/one-thread.ts";
const limits = { testTimeout: 120_000, hookTimeout: 120_000, setupFiles: [equalBytes] };

/**
 * Each file of `alone` has a process of its own; files of the other projects share one each, which spares them to load
 * the same modules again. A package's tests are named by its folder: `npm test -- packages/data-boolq`.
 */
export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        ...common,
        test: { ...limits, name: "alone", include: alone, exclude: [...comparing, ...predictions, ...webgpu] },
      },
      {
        ...common,
        test: {
          ...limits,
          name: "comparing",
          include: comparing,
          isolate: false,
          setupFiles: [equalBytes, "tools/setup/two-threads.ts"],
        },
      },
      {
        ...common,
        test: {
          ...limits,
          name: "computing",
          include: computing,
          exclude: [...alone, ...computingMutations, ...predictions, ...examples],
          isolate: false,
          setupFiles: [equalBytes, oneThread],
        },
      },
      {
        ...common,
        test: {
          ...limits,
          name: "plain",
          include: all,
          exclude: [...alone, ...computing, ...mutations, ...workspace, ...browser, ...examples],
          isolate: false,
        },
      },
      { ...common, test: { ...limits, name: "mutations", include: mutations } },
      {
        ...common,
        test: {
          ...limits,
          name: "computing-mutations",
          include: computingMutations,
          setupFiles: [equalBytes, oneThread],
        },
      },
      { ...common, test: { ...limits, name: "predictions", include: predictions } },
      {
        ...common,
        test: { ...limits, name: "examples", include: examples, setupFiles: [equalBytes, oneThread] },
      },
      { ...common, test: { ...limits, name: "webgpu", include: webgpu } },
      { ...common, test: { ...limits, name: "browser", include: browser } },
      { ...common, test: { ...limits, name: "workspace", include: workspace, isolate: false } },
    ],
  },
});

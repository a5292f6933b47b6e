import { defineConfig } from "vitest/config";

/** Tests run on the sources: the condition stands first in every package's exports map. */
const conditions = ["@mlan/source", "node", "import", "module", "default"];
const all = ["packages/*/test/**/*.test.ts", "tools/*/test/**/*.test.ts"];

/** What changes or measures its whole process: native libraries, TensorFlow.js's kernels, environment, memory. */
const alone = [
  "packages/backend-{onnx,tensorflow}/test/**/*.test.ts",
  "packages/trainer-gpu/test/**/*.test.ts",
  "packages/fused-ops/test/**/*.test.ts",
  "packages/model-llava/test/training-memory*.test.ts",
  "packages/*/test/{memory,large-rows,streaming,hub-hostile,hostile-tokenizer}.test.ts",
];

const project = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};
const limits = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    projects: [
      { ...project, test: { ...limits, name: "alone", include: alone } },
      { ...project, test: { ...limits, name: "together", include: all, exclude: alone, isolate: false } },
    ],
  },
});

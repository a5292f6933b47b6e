import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { openOrtRuntime } from "../src/ort/ort-runtime.ts";

test.runIf(availableParallelism() > 1)("OMP_NUM_THREADS limits the default number of threads", () => {
  process.env["OMP_NUM_THREADS"] = "1";
  expect(openOrtRuntime().threads).toBe(1);
});

import * as tf from "@tensorflow/tfjs-core";
import { concat } from "@mlan/core";
import { memoryDataset, temporaryFolder } from "@mlan/testing";
import { afterEach, expect, test, vi } from "vitest";
import { letters, RECIPE, train } from "./run-training.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

// Vitest also fails on a rejection that nobody handles, which would end the process.
test("a backend that fails to read a step's results is one error", async () => {
  const conversations = letters(8, false);
  const data = concat(
    memoryDataset("some", conversations.slice(0, 4)),
    memoryDataset("others", conversations.slice(4)),
  );
  vi.spyOn(tf.Tensor.prototype, "data").mockImplementation(() => Promise.reject(new Error("the device is lost")));
  await expect(train({ folder: temporaryFolder(), recipe: RECIPE, data })).rejects.toThrow("the device is lost");
});

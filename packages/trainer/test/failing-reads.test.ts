import { setImmediate } from "node:timers/promises";
import * as tf from "@tensorflow/tfjs-core";
import { concat, type TrainableModel } from "@mlan/core";
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

test("a pass that fails while the read of an earlier pass is failing is the only error", async () => {
  vi.spyOn(tf.Tensor.prototype, "data").mockImplementation(() => Promise.reject(new Error("the device is lost")));
  let passes = 0;
  const adapt = (model: TrainableModel): TrainableModel => ({
    ...model,
    async collate(examples, shape, options) {
      await setImmediate();
      if (passes++ > 0) throw new Error("the picture is gone");
      return model.collate(examples, shape, options);
    },
  });
  const data = memoryDataset("letters", letters(8, false));
  await expect(train({ folder: temporaryFolder(), recipe: RECIPE, data, adapt })).rejects.toThrow(
    "the picture is gone",
  );
});

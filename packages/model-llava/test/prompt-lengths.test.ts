import { planBatches } from "#internal/answer/plan-batches.ts";
import { expect, it } from "vitest";

const options = { batchSize: 1, maximumLength: 2048 };

it.each([
  ["a model of 1 billion parameters", 1e9, 768],
  ["a model of 7 billion parameters", 7e9, 672],
])("%s pads a prompt of 650 positions so that padding costs less than a graph", (_, parameters, length) => {
  const item = { symbols: Int32Array.from({ length: 650 }, (__, index) => index), shareable: 641 };
  const [alone] = planBatches([item], { ...options, sharePrefixes: false, parameters });
  expect(alone?.batches.map((batch) => batch.length)).toEqual([length]);
  const [shared] = planBatches([item, item], { ...options, sharePrefixes: true, parameters });
  expect(shared?.prefixLength).toBe(length);
});

it("a prompt is never padded beyond the model's positions", () => {
  const item = { symbols: new Int32Array(100), shareable: 99 };
  const [alone] = planBatches([item], { batchSize: 1, maximumLength: 110, sharePrefixes: false, parameters: 7e9 });
  expect(alone?.batches.map((batch) => batch.length)).toEqual([110]);
});

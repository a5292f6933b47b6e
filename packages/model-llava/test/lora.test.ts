import { rm } from "node:fs/promises";
import type { LlavaModel } from "@mlan/model-llava";
import { describe, expect, it } from "vitest";
import {
  adapterGradients,
  batchOf,
  loraReference,
  largestDifference,
  LORA,
  loraSource,
  lossOf,
  trainAdapter,
} from "./lora-fixture.ts";
import { rewriteTensors, scratchLlava, valuesOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
const { base, expected } = await loraReference(scratch);

const start = new URL("start/", LORA);
const trained = new URL("trained/", LORA);

it("an adapter has peft's losses over 50 steps of AdamW, and ends with its weights", async () => {
  const model = await loraSource({ weights: base, adapter: start }).open();
  const losses = await trainAdapter(model, expected.conversations, { steps: 50, learningRate: 1e-2 });
  expect((losses[0] ?? NaN) - (losses.at(-1) ?? NaN)).toBeGreaterThan(3);
  expect(largestDifference(losses, expected.losses)).toBeLessThan(1e-4);
  const reference = await loraSource({ weights: base, adapter: trained }).open();
  const [values, wanted] = [await valuesOf(model), await valuesOf(reference)];
  for (const [name, all] of Object.entries(wanted))
    expect(largestDifference(values[name] ?? [], all)).toBeLessThan(1e-3);
  for (const one of [model, reference]) one.dispose();
});

it("peft's adapter answers alike whether it is kept apart or merged", async () => {
  const losses: number[] = [];
  for (const mergeAdapter of [false, true]) {
    const model = await loraSource({ weights: base, adapter: trained, mergeAdapter }).open();
    losses.push(await lossOf(model, expected.conversations));
    const names = model.parameters().map(({ name }) => name);
    expect(names.filter((name) => name.includes("lora_"))).toHaveLength(mergeAdapter ? 0 : 28);
    model.dispose();
  }
  const [kept = NaN, merged = NaN] = losses;
  expect(kept).toBeCloseTo(expected.lossOf(expected.trainedLogits), 5);
  expect(merged).toBeCloseTo(kept, 5);
  expect(kept).toBeLessThan(expected.lossOf(expected.startLogits) - 3);
});

describe.each(["stored", "int8", "int4"] as const)("on a base in %s", (weightFormat) => {
  async function opened(weights: URL, format: "float32" | typeof weightFormat): Promise<LlavaModel> {
    return loraSource({ weights, adapter: trained, weightFormat: format }).open();
  }

  it("gradients of the adapter are those on the weights that the format means, and nothing else learns", async () => {
    const published = scratch.fresh();
    const whole = await loraSource({ weights: base }).open();
    await whole.save(published, { dtype: "bfloat16" });
    whole.dispose();
    const model = await opened(published, weightFormat);
    const meant = await valuesOf(model, ({ component }) => component === "language");
    const dequantized = await scratch.copy(published);
    await rewriteTensors(dequantized, (all) =>
      all.map((tensor) => ({ ...tensor, data: () => Float32Array.from(meant[tensor.name] ?? []) })),
    );
    await rm(new URL("checksums.json", dequantized));
    const reference = await opened(dequantized, "float32");
    const gradients = await Promise.all(
      [model, reference].map(async (one) => adapterGradients(one, await batchOf(one, expected.conversations))),
    );
    const [actual, wanted] = gradients;
    expect(wanted?.size).toBe(28);
    for (const [name, values] of wanted ?? []) {
      expect(Math.max(...values.map(Math.abs)), name).toBeGreaterThan(1e-4);
      expect(largestDifference(actual?.get(name) ?? [], values), name).toBeLessThan(1e-4);
    }
    const before = await valuesOf(model);
    const losses = await trainAdapter(model, expected.conversations, { steps: 3, learningRate: 1e-3 });
    expect(losses[2]).toBeLessThan(losses[0] ?? NaN);
    const changed = Object.entries(await valuesOf(model)).filter(([name, values]) =>
      values.some((value, place) => value !== before[name]?.[place]),
    );
    expect(changed.map(([name]) => name).every((name) => name.includes("lora_"))).toBe(true);
    for (const one of [model, reference]) one.dispose();
  });
});

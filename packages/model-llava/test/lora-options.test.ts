import { type AdapterOptions, MlanError } from "@mlan/core";
import type { LlavaModel } from "@mlan/model-llava";
import { describe, expect, it } from "vitest";
import {
  adapterGradients,
  batchOf,
  loraReference,
  largestDifference,
  loraSource,
  lossOf,
  trainAdapter,
} from "./lora-fixture.ts";
import { scratchLlava, tinySource, valuesOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
const { base, expected } = await loraReference(scratch);
const OPTIONS: AdapterOptions = { rank: 4, alpha: 8, dropout: 0, rankStabilized: false };

async function adapted(options: Partial<AdapterOptions> = {}, seed = 1): Promise<LlavaModel> {
  const model = await loraSource({ weights: base }).open();
  model.adapt?.({ ...OPTIONS, ...options }, { seed });
  return model;
}

const isAdapter = ({ component }: { readonly component: string }): boolean => component === "adapter";

/** Opens a model with a tower whose linear maps have the same names. */
const seeing = (): Promise<LlavaModel> => tinySource(scratch.backbone, scratch.tower).open({ seed: 1 });

describe("a new adapter", () => {
  it("is on all linear maps of the language model but its output layer, A uniform within 1 / sqrt(inputs), B zero", async () => {
    const model = await adapted();
    const values = await valuesOf(model, isAdapter);
    expect(Object.keys(values)).toHaveLength(2 * 2 * 7);
    expect(Object.keys(values).filter((name) => name.includes("lm_head"))).toEqual([]);
    for (const [name, all] of Object.entries(values)) {
      const largest = Math.max(...all.map(Math.abs));
      const bound = 1 / Math.sqrt(name.includes("down_proj") ? 24 : 16);
      if (name.includes("lora_B")) expect(largest).toBe(0);
      else {
        expect(largest).toBeLessThanOrEqual(bound);
        expect(largest).toBeGreaterThan(0.8 * bound);
      }
    }
    const inspected = await loraSource({ weights: base }).inspect();
    expect(inspected.adapterParameters?.(OPTIONS)).toBe(Object.values(values).flat().length);
    model.dispose();
  });

  it("changes no answer before it learns, and depends on its seed alone", async () => {
    const [one, same, other] = [await adapted(), await adapted(), await adapted({}, 2)];
    const plain = await loraSource({ weights: base }).open();
    expect(await lossOf(one, expected.conversations)).toBe(await lossOf(plain, expected.conversations));
    expect(await valuesOf(one)).toEqual(await valuesOf(same));
    expect(await valuesOf(one)).not.toEqual(await valuesOf(other));
    one.adapt?.(OPTIONS, { seed: 5 });
    expect(await valuesOf(one)).toEqual(await valuesOf(same));
    for (const model of [one, same, other, plain]) model.dispose();
  });

  it("counts fewer operations than training the language model, and more than nothing", async () => {
    const model = await adapted();
    const batch = await batchOf(model, expected.conversations);
    const flops = (...trained: Parameters<LlavaModel["learn"]>[0]): number => {
      const learning = model.learn(trained);
      const counted = model.trainingFlops(batch);
      learning.end();
      return counted;
    };
    const counts = [flops(), flops("adapter"), flops("language")];
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(new Set(counts).size).toBe(3);
    batch.dispose();
    model.dispose();
  });

  it.each<[string, NonNullable<AdapterOptions["targets"]>, number]>([
    ["names", ["q_proj", "v_proj"], 4],
    ["a longer name", ["layers.1.mlp.up_proj"], 1],
    ["the output layer by name", ["lm_head"], 1],
    ["an expression of whole names", String.raw`model\.layers\.1\..*(q|k)_proj`, 2],
  ])("is where its targets say: %s", async (_, targets, count) => {
    const model = await adapted({ targets });
    expect(Object.keys(await valuesOf(model, isAdapter))).toHaveLength(2 * count);
    const losses = await trainAdapter(model, expected.conversations, { steps: 2, learningRate: 1e-2 });
    expect(losses[1]).not.toBe(losses[0]);
    model.dispose();
  });

  it("leaves the tower alone, whose linear maps have the same names", async () => {
    const model = await seeing();
    model.adapt?.({ ...OPTIONS, targets: ["q_proj"] }, { seed: 1 });
    const names = Object.keys(await valuesOf(model, isAdapter));
    expect(names).toHaveLength(4);
    for (const name of names) expect(name).toMatch(/^model\.layers\.\d\.self_attn\.q_proj\.lora_[AB]\.weight$/);
    model.dispose();
  });
});

describe("dropout", () => {
  it("depends on the batch's seed alone, and drops nothing without one", async () => {
    const [model, undropped] = [await adapted({ dropout: 0.5 }), await adapted()];
    for (const one of [model, undropped])
      await trainAdapter(one, expected.conversations, { steps: 2, learningRate: 0.1 });
    const losses = await Promise.all([1, 1, 2].map((seed) => lossOf(model, expected.conversations, seed)));
    expect(losses[0]).toBe(losses[1]);
    expect(losses[0]).not.toBe(losses[2]);
    expect(losses).not.toContain(await lossOf(model, expected.conversations));
    // The first two steps have no seed.
    expect(await lossOf(model, expected.conversations)).toBe(await lossOf(undropped, expected.conversations));
    for (const one of [model, undropped]) one.dispose();
  });

  it("is the same where gradient checkpointing runs a layer again", async () => {
    const model = await adapted({ dropout: 0.3 });
    await trainAdapter(model, expected.conversations, { steps: 2, learningRate: 0.1 });
    const batch = await batchOf(model, expected.conversations, 7);
    const [plain, checkpointed] = [await adapterGradients(model, batch), await adapterGradients(model, batch, true)];
    for (const [name, values] of plain)
      expect(largestDifference(checkpointed.get(name) ?? [], values), name).toBeLessThan(1e-5);
    expect(plain.size).toBe(28);
    batch.dispose();
    model.dispose();
  });
});

describe("an adapter that does not fit is refused, by the opened model and by its inspection", () => {
  it.each<[string, Partial<AdapterOptions>, RegExp]>([
    [
      "a target of nothing",
      { targets: ["q_proj", "query"] },
      /target "query" of an adapter matches none of the 15 linear maps of the language model, which end in q_proj, k_proj/,
    ],
    ["an expression of nothing", { targets: "layers" }, /target "layers" of an adapter matches none/],
    [
      "the tower",
      { targets: ["encoder.layers.0.self_attn.q_proj"] },
      /is in the vision tower, which is frozen; "model\.vision_tower/,
    ],
    ["the projector", { targets: ["mm_projector.0"] }, /is in the projector, which is trained as a whole/],
    [
      "a rank above the matrix",
      { rank: 17 },
      /rank 17 is larger than "model\.layers\.0\.self_attn\.q_proj", which is \[16, 16\]\. Give a rank of at most 16/,
    ],
  ])("%s", async (_, options, message) => {
    const source = tinySource(scratch.backbone, scratch.tower);
    const { adapterParameters } = await source.inspect();
    const model = await seeing();
    for (const attempt of [
      () => adapterParameters?.({ ...OPTIONS, ...options }),
      () => model.adapt?.({ ...OPTIONS, ...options }, { seed: 1 }),
    ]) {
      expect(attempt).toThrow(message);
      expect(attempt).toThrow(MlanError);
    }
    expect(model.parameters().some(isAdapter)).toBe(false);
    model.dispose();
  });

  it.each<[string, Partial<AdapterOptions>]>([
    ["another rank", { rank: 2 }],
    ["another factor", { alpha: 4 }],
    ["other targets", { targets: ["q_proj"] }],
    ["another dropout", { dropout: 0.1 }],
  ])("one of %s than the model has", async (_, options) => {
    const model = await adapted();
    const folder = scratch.fresh();
    await model.save(folder, { trainedOnly: true });
    const { adapterParameters } = await loraSource({ weights: folder }).inspect();
    for (const attempt of [
      () => model.adapt?.({ ...OPTIONS, ...options }, { seed: 1 }),
      () => adapterParameters?.({ ...OPTIONS, ...options }),
    ])
      expect(attempt).toThrow(
        /has an adapter of rank 4, factor 2 and dropout 0 on 14 linear maps .* Give the recipe the same options/,
      );
    expect(adapterParameters?.(OPTIONS)).toBeGreaterThan(0);
    model.dispose();
  });
});

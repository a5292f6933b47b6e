import { readdir, readFile, writeFile } from "node:fs/promises";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { MlanError, pathOf } from "@mlan/core";
import type { LlavaModel, LlavaSource, SaveOptions } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { writeQueryAdapter } from "./query-adapter.ts";
import { scratchLlava, tinySource, valuesOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
beforeAll(() => useOnnxBackend());

/** Returns a model with a trained projector. */
async function aligned(): Promise<LlavaModel> {
  const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 3 });
  const learning = model.learn(["projector"]);
  for (const { variable } of learning.parameters) tf.tidy(() => variable.assign(tf.mul(variable, 0.5)));
  learning.end();
  model.setFormat({ template: "v1", imageAspectRatio: "pad", maximumLength: 100 });
  return model;
}

describe("a checkpoint of trained components", () => {
  it.each<SaveOptions>([
    {},
    { layout: "hf", dtype: "bfloat16" },
    { layout: "hf", dtype: "float16", shardSize: 30_000 },
    { layout: "llava", shardSize: 30_000 },
  ])("is exported with %j to the bits that saving the whole model gives", async (options) => {
    const model = await aligned();
    const [part, saved, exported] = [scratch.fresh(), scratch.fresh(), scratch.fresh()];
    await model.save(part, { trainedOnly: true });
    await model.save(saved, options);
    model.dispose();
    await tinySource(part).export(exported, options);
    const list = await readFile(new URL("checksums.json", saved), "utf8");
    expect(await readFile(new URL("checksums.json", exported), "utf8")).toBe(list);
    expect((await readdir(exported)).toSorted()).toEqual((await readdir(saved)).toSorted());
  });
});

it("a model in the layout of transformers opens with the same weights, and a row for the image token", async () => {
  const model = await aligned();
  const folder = scratch.fresh();
  await model.save(folder, { layout: "hf" });
  const copy = await tinySource(folder).open();
  const [before, after] = [await valuesOf(model), await valuesOf(copy)];
  for (const [name, values] of Object.entries(before)) expect(after[name]?.slice(0, values.length)).toEqual(values);
  expect(copy.format).toEqual(model.format);
  expect(copy.parameters().find(({ name }) => name === "lm_head.weight")?.shape).toEqual([384, 16]);
  // An export in LLaVA's layout opens too.
  const again = scratch.fresh();
  await tinySource(folder).export(again);
  const third = await tinySource(again).open();
  expect(await valuesOf(third)).toEqual(after);
  for (const opened of [model, copy, third]) opened.dispose();
});

describe("a model with an adapter", () => {
  async function adaptedSource(): Promise<LlavaSource> {
    const adapter = await writeQueryAdapter(scratch.fresh());
    return tinySource(scratch.backbone, scratch.tower, undefined, adapter);
  }

  it("is exported with the adapter merged", async () => {
    const source = await adaptedSource();
    const text = scratch.fresh();
    const opened = await source.open();
    await opened.save(text, { trainedOnly: true });
    const exported = scratch.fresh();
    await tinySource(text).export(exported);
    const copy = await tinySource(exported).open();
    const [merged, values] = [await valuesOf(opened), await valuesOf(copy)];
    for (const [name, wanted] of Object.entries(merged)) {
      const differences = wanted.map((value, index) => Math.abs(value - (values[name]?.[index] ?? NaN)));
      expect(Math.max(...differences), name).toBeLessThan(1e-6);
    }
    const plain = await tinySource(scratch.backbone, scratch.tower).open();
    const query = "model.layers.0.self_attn.q_proj.weight";
    expect(values[query]).not.toEqual((await valuesOf(plain))[query]);
    for (const model of [opened, copy, plain]) model.dispose();
  });

  it("is not merged twice into tensors that were trained on top of it", async () => {
    const model = await (await adaptedSource()).open();
    const learning = model.learn(["language"]);
    for (const { variable } of learning.parameters) tf.tidy(() => variable.assign(tf.mul(variable, 0.5)));
    learning.end();
    const folder = scratch.fresh();
    await model.save(folder, { trainedOnly: true });
    const copy = await tinySource(folder).open();
    expect(await valuesOf(copy)).toEqual(await valuesOf(model));
    model.dispose();
    copy.dispose();
  });
});

it("a folder is the same with and without a slash at its end", async () => {
  const model = await aligned();
  const [saved, exported] = [scratch.fresh(), scratch.fresh()];
  const open = (folder: URL): URL => new URL(folder.href.replace(/\/$/, ""));
  await model.save(open(saved));
  await model.load(open(saved));
  await tinySource(saved).export(open(exported));
  for (const folder of [saved, exported]) expect(await readdir(folder)).toContain("model.safetensors");
  model.dispose();
});

describe("an export is refused that", () => {
  it("writes into the folder that is read, or inside it, or into the base", async () => {
    const model = await aligned();
    const part = scratch.fresh();
    await model.save(part, { trainedOnly: true });
    model.dispose();
    const refused = async (target: URL, where: string): Promise<void> => {
      const exporting = tinySource(part).export(target);
      await expect(exporting).rejects.toThrow(where);
      await expect(exporting).rejects.toSatisfy((error) => MlanError.is(error, "invalid-options"));
    };
    await refused(part, `${pathOf(part)} is ${pathOf(part)}, from which the model is read`);
    await refused(new URL("whole/", part), `is inside ${pathOf(part)}`);
    await refused(scratch.backbone, `is ${pathOf(scratch.backbone)}`);
    await refused(new URL("deep/er/", scratch.tower), `is inside ${pathOf(scratch.tower)}`);
  });

  it("has an untrained projector", async () => {
    const exporting = tinySource(scratch.backbone, scratch.tower).export(scratch.fresh());
    await expect(exporting).rejects.toThrow(/has no projector, so there is no whole model to export/);
  });

  it("reads damaged files, and the target does not change", async () => {
    const source = await scratch.copy(scratch.backbone);
    const target = scratch.fresh();
    await tinySource(source).export(target);
    const before = await readFile(new URL("checksums.json", target), "utf8");
    const bytes = await readFile(new URL("model.safetensors", source));
    // The last tensor becomes NaN.
    bytes.fill(0xff, bytes.length - 4);
    await writeFile(new URL("model.safetensors", source), bytes);
    await expect(tinySource(source).export(target)).rejects.toThrow(/holds NaN/);
    expect(await readFile(new URL("checksums.json", target), "utf8")).toBe(before);
  });
});

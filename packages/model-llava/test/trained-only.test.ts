import { appendFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { type Component, MlanError, pathOf } from "@mlan/core";
import type { LlavaModel } from "@mlan/model-llava";
import { openSafetensors } from "@mlan/safetensors";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { checkBase } from "#internal/saving/base-file.ts";
import { changeJson, rewriteTensors, scratchLlava, tinySource, valuesOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
beforeAll(() => useOnnxBackend());

/** Halves the weights of components, as if they were trained. */
function trainedOn(model: LlavaModel, ...components: readonly Component[]): void {
  const learning = model.learn(components);
  for (const { variable } of learning.parameters) tf.tidy(() => variable.assign(tf.mul(variable, 0.5)));
  learning.end();
}

async function alignedFolder(): Promise<{ folder: URL; base: URL; values: Awaited<ReturnType<typeof valuesOf>> }> {
  const base = await scratch.copy(scratch.backbone);
  const folder = scratch.fresh();
  const model = await tinySource(base, scratch.tower).open({ seed: 3 });
  trainedOn(model, "projector");
  await model.save(folder, { trainedOnly: true });
  const values = await valuesOf(model);
  model.dispose();
  return { folder, base, values };
}

describe("a folder of trained components", () => {
  it("holds only the trained tensors and opens bit-identically", async () => {
    const { folder, base, values } = await alignedFolder();
    const reader = await openSafetensors(new URL("trained.safetensors", folder));
    const names = [...reader.entries.keys()];
    await reader.close();
    expect(names.toSorted()).toEqual(
      ["0.bias", "0.weight", "2.bias", "2.weight"].map((end) => `model.mm_projector.${end}`),
    );
    expect(await readdir(folder)).not.toContain("model.safetensors");
    expect(JSON.parse(await readFile(new URL("base.json", folder), "utf8"))).toMatchObject({
      formatVersion: 1,
      weights: pathOf(base),
      visionTower: pathOf(scratch.tower),
    });
    const copy = await tinySource(folder).open({ seed: 4 });
    expect(await valuesOf(copy)).toEqual(values);
    // A further stage is trained on the same base, not on this folder.
    trainedOn(copy, "language");
    const next = scratch.fresh();
    await copy.save(next, { trainedOnly: true });
    expect(JSON.parse(await readFile(new URL("base.json", next), "utf8"))).toMatchObject({ weights: pathOf(base) });
    const last = await tinySource(next).open();
    expect(await valuesOf(last)).toEqual(await valuesOf(copy));
    copy.dispose();
    last.dispose();
  });

  it("names all its files in checksums.json, also the one that may appear when its base is verified", async () => {
    const { folder } = await alignedFolder();
    const { sha256, changeable } = JSON.parse(await readFile(new URL("checksums.json", folder), "utf8"));
    const named = ["checksums.json", ...Object.keys(sha256), ...changeable];
    expect(named.toSorted()).toEqual([".base-verified", ...(await readdir(folder))].toSorted());
  });

  it("loads into a model whose other components have since changed", async () => {
    const { folder, base, values } = await alignedFolder();
    const model = await tinySource(base, scratch.tower).open({ seed: 5 });
    trainedOn(model, "language", "vision");
    await model.load(folder);
    expect(await valuesOf(model)).toEqual(values);
    model.dispose();
  });

  it("becomes a whole model by an ordinary save", async () => {
    const { folder, base, values } = await alignedFolder();
    const model = await tinySource(folder).open();
    const whole = scratch.fresh();
    await model.save(whole);
    model.dispose();
    await rm(base, { recursive: true });
    const copy = await tinySource(whole).open();
    expect(await valuesOf(copy)).toEqual(values);
    copy.dispose();
  });

  it("is a whole model if everything, or nothing, was trained, and if the base has since changed", async () => {
    const base = await scratch.copy(scratch.backbone);
    const model = await tinySource(base).open();
    const folders = [scratch.fresh(), scratch.fresh(), scratch.fresh()] as const;
    await model.save(folders[0], { trainedOnly: true });
    trainedOn(model, "language");
    await model.save(folders[1], { trainedOnly: true });
    await rm(base, { recursive: true });
    await model.save(folders[2], { trainedOnly: true });
    for (const folder of folders) expect(await readdir(folder)).toContain("model.safetensors");
    model.dispose();
  });
});

describe("a base that differs from that of the training", () => {
  it("is named if it has moved, and found at the path written into base.json", async () => {
    const { folder, base, values } = await alignedFolder();
    const moved = scratch.fresh();
    await rename(base, moved);
    const opening = tinySource(folder).open();
    await expect(opening).rejects.toSatisfy((error) => MlanError.is(error, "invalid-checkpoint"));
    await expect(opening).rejects.toThrow(
      `${pathOf(folder)} holds only trained components, and the folder with the rest of the model, ${pathOf(base)}, does not exist`,
    );
    await changeJson(new URL("base.json", folder), { weights: pathOf(moved) });
    const copy = await tinySource(folder).open();
    expect(await valuesOf(copy)).toEqual(values);
    copy.dispose();
  });

  it("is found by a model that was opened from its new place", async () => {
    const { folder, base, values } = await alignedFolder();
    const moved = scratch.fresh();
    await rename(base, moved);
    const model = await tinySource(moved, scratch.tower).open({ seed: 6 });
    await model.load(folder);
    expect(await valuesOf(model)).toEqual(values);
    model.dispose();
  });

  it("is refused with the file that differs, by opening and by loading", async () => {
    const { folder, base } = await alignedFolder();
    await rewriteTensors(base, (all) =>
      all.map((tensor, index) =>
        index === 0
          ? { ...tensor, data: async () => (await tensor.data()).map((value) => value + 1) as never }
          : tensor,
      ),
    );
    const message = new RegExp(`base in ${pathOf(base)} is not the one .* weights/model.safetensors differ`);
    await expect(tinySource(folder).open()).rejects.toThrow(message);
    await expect(tinySource(folder).inspect()).rejects.toThrow(message);
    const model = await tinySource(base, scratch.tower).open();
    await expect(model.load(folder)).rejects.toThrow(message);
    model.dispose();
  });

  it("is read again only when its files, or their places, may have changed", async () => {
    const folder = scratch.fresh();
    await mkdir(folder);
    const reads: string[] = [];
    const check = async (stamp: string, place = "base/", digest = "right"): Promise<void> => {
      const weights = new URL(place, folder);
      const content = {
        stamp,
        async digest() {
          reads.push(stamp);
          return digest;
        },
      };
      const record = { file: new URL("base.json", folder), weights, digest: "right", files: {} };
      await checkBase(record, { weights, files: new Map([["weights/a", new URL("a", weights)]]), content });
    };
    // Too new for a stamp.
    for (const stamp of ["", ""]) await check(stamp);
    for (const stamp of ["first", "first", "second", "second", "first"]) await check(stamp);
    await check("first", "moved/");
    expect(reads).toEqual(["", "", "first", "second", "first", "first"]);
    await expect(check("third", "base/", "wrong")).rejects.toThrow(/is not the one that they were trained on/);
    await expect(check("third", "base/", "wrong")).rejects.toThrow(/is not the one that they were trained on/);
  });

  it("is refused by a model of another base", async () => {
    const { folder } = await alignedFolder();
    const other = await scratch.copy(scratch.backbone);
    await changeJson(new URL("config.json", other), { bos_token_id: 5 });
    const model = await tinySource(other, scratch.tower).open();
    const before = await valuesOf(model);
    await expect(model.load(folder)).rejects.toThrow(/weights\/config.json differ/);
    expect(await valuesOf(model)).toEqual(before);
    model.dispose();
  });
});

it("notices a changed bit in the folder, and what is wrong in base.json", async () => {
  const { folder } = await alignedFolder();
  await writeFile(new URL("base.json", folder), '{"formatVersion": 2}');
  await expect(tinySource(folder).open()).rejects.toThrow(
    /base\.json: key "formatVersion" is 2 \(update mlan to read it\)/,
  );
  const again = await alignedFolder();
  await appendFile(new URL("trained.safetensors", again.folder), "x");
  await expect(tinySource(again.folder).open()).rejects.toThrow(/trained\.safetensors differs from what was saved/);
});

it("is not saved over its base, nor in the layout of transformers", async () => {
  const base = await scratch.copy(scratch.backbone);
  const model = await tinySource(base, scratch.tower).open();
  await expect(model.save(base, { trainedOnly: true })).rejects.toThrow(/holds the rest of the model/);
  await expect(model.save(scratch.fresh(), { layout: "hf", trainedOnly: true })).rejects.toThrow(
    /"trainedOnly": the layout/,
  );
  expect((await stat(new URL("model.safetensors", base))).isFile()).toBe(true);
  model.dispose();
});

import { appendFile, cp, open, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { MlanError } from "@mlan/core";
import { createLlavaSource, llama } from "@mlan/model-llava";
import { writeTinyLlava, WORDINGS } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { changeJson, compute, scratchLlava, tinySource } from "./tiny-llava.ts";

const scratch = await scratchLlava();

async function digestOf(weights: URL, tower?: URL): Promise<string> {
  const { content } = await tinySource(weights, tower).inspect();
  return content.digest();
}

it("counts the values of each part that opening would hold, without a backend", async () => {
  const seeing = await tinySource(scratch.backbone, scratch.tower).inspect();
  const reading = await tinySource(scratch.backbone).inspect();
  expect(tf.engine().backendNames()).toEqual([]);
  expect(reading.parameters).toEqual({ language: seeing.parameters.language });
  expect([seeing.readsImages, reading.readsImages]).toEqual([true, false]);
  const bytes = new TextEncoder().encode("<!doctype html><p>Not found</p>");
  const image = { name: "a.png", origin: 'pets: rows.json row 3, column "image"', read: async () => bytes };
  expect(() => seeing.checkImage?.(image, bytes)).toThrow("it is a web page (HTML); PNG, JPEG");
  expect(() => seeing.checkImage?.(image, bytes)).toThrow("rows.json row 3");
  expect(() => seeing.checkImage?.(image, new Uint8Array([0xff, 0xd8, 0xff, 0xe0]))).not.toThrow();
  const tuned = { template: "v1", imageAspectRatio: "pad", maximumLength: 64 } as const;
  expect([reading.wording?.().name, reading.wording?.(tuned).name]).toEqual(["llama2-base", "tuned"]);
  const format = { template: "v1", imageAspectRatio: "pad", maximumLength: 8 } as const;
  expect(() => reading.checkFormat?.(format)).not.toThrow();
  expect(() => reading.checkFormat?.({ ...format, template: "v2" })).toThrow('there is no template "v2"');
  await useOnnxBackend();
  const model = await tinySource(scratch.backbone, scratch.tower).open();
  const sizes: Record<string, number> = {};
  for (const { component, shape } of model.parameters())
    sizes[component] = (sizes[component] ?? 0) + tf.util.sizeFromShape([...shape]);
  expect(seeing.parameters).toEqual(sizes);
  expect([seeing.tuningTemplate, model.tuningTemplate]).toEqual(["v1", "v1"]);
  const picture = { name: "a.png", read: async () => new Uint8Array() };
  const turns = [
    { role: "user", text: "<image>\nWhat is it?" },
    { role: "assistant", text: "A red square." },
  ] as const;
  for (const maximumLength of [256, 8]) {
    const wanted = { ...tuned, maximumLength };
    model.setFormat(wanted);
    const conversation = { id: "1", turns, images: [picture] };
    expect(seeing.encode?.(conversation, wanted)).toEqual(model.encode(conversation));
    expect(model.encode(conversation).supervised > 0).toBe(maximumLength === 256);
  }
  model.dispose();
});

it("returns the same content of both folders wherever they are", async () => {
  const [weights, tower] = await Promise.all([scratch.copy(scratch.backbone), scratch.copy(scratch.tower)]);
  expect(await digestOf(weights, tower)).toBe(await digestOf(scratch.backbone, scratch.tower));
  expect(await digestOf(weights)).not.toBe(await digestOf(weights, tower));
});

it.each([
  ["the last byte of a weight", "weights", (folder: URL) => flipLastByte(new URL("model.safetensors", folder))],
  ["the last byte of the tower", "tower", (folder: URL) => flipLastByte(new URL("model.safetensors", folder))],
  ["config.json", "weights", (folder: URL) => changeJson(new URL("config.json", folder), { rope_theta: 10_001 })],
  ["the tokenizer", "weights", (folder: URL) => appendFile(new URL("tokenizer.json", folder), " ")],
  [
    "how special tokens are found",
    "weights",
    (folder: URL) => writeFile(new URL("special_tokens_map.json", folder), "{}"),
  ],
  ["how images are prepared", "tower", (folder: URL) => rm(new URL("preprocessor_config.json", folder))],
] as const)("has another digest after a change of %s", async (_, part, change) => {
  const folders = { weights: await scratch.copy(scratch.backbone), tower: await scratch.copy(scratch.tower) };
  const before = await digestOf(folders.weights, folders.tower);
  await change(folders[part]);
  expect(await digestOf(folders.weights, folders.tower)).not.toBe(before);
});

it("covers every shard", async () => {
  const folder = scratch.fresh();
  const { backbone } = await writeTinyLlava(folder, { shards: 3 });
  const before = await digestOf(backbone);
  await flipLastByte(new URL("model-00003-of-00003.safetensors", backbone));
  expect(await digestOf(backbone)).not.toBe(before);
});

it("compares no checksums, unlike opening, where a signal ends the comparison", async () => {
  await useOnnxBackend();
  const folder = scratch.fresh();
  const model = await tinySource(scratch.backbone, scratch.tower).open();
  await model.save(folder);
  model.dispose();
  const before = await digestOf(folder);
  await flipLastByte(new URL("model.safetensors", folder));
  expect(await digestOf(folder)).not.toBe(before);
  await expect(tinySource(folder).open()).rejects.toThrow(/model\.safetensors differs from what was saved/);
  const reason = new Error("stopped");
  await expect(tinySource(folder).open({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

it("refuses what opening would refuse", async () => {
  const folder = await scratch.copy(scratch.backbone);
  await changeJson(new URL("config.json", folder), { num_hidden_layers: 3 });
  await expect(tinySource(folder).inspect()).rejects.toSatisfy((error) => MlanError.is(error, "invalid-checkpoint"));
  await cp(new URL("config.json", scratch.backbone), new URL("config.json", folder));
  await rm(new URL("tokenizer.json", folder));
  await expect(tinySource(folder).inspect()).rejects.toThrow(/tokenizer/);
});

it("takes paths and addresses for the same folders", async () => {
  const paths = createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute,
    weights: fileURLToPath(scratch.backbone).replace(/\/$/, ""),
    visionTower: scratch.tower.href,
    untunedWording: WORDINGS["llama2-base"],
  });
  const { content } = await paths.inspect();
  expect(await content.digest()).toBe(await digestOf(scratch.backbone, scratch.tower));
  expect(() =>
    createLlavaSource({
      architecture: llama,
      name: "tiny",
      compute,
      weights: "https://example.org/llama/",
      untunedWording: WORDINGS["llama2-base"],
    }),
  ).toThrow(/not on this machine/);
});

async function flipLastByte(file: URL): Promise<void> {
  const bytes = await readFile(file);
  const handle = await open(file, "r+");
  await handle.write(Uint8Array.of((bytes.at(-1) ?? 0) ^ 1), 0, 1, bytes.length - 1);
  await handle.close();
}

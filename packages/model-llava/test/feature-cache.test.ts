import { mkdir, readdir, readFile, rename, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ImageReference, Location } from "@mlan/core";
import type { LlavaModel } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openDistinctModel } from "./opened-models.ts";
import { plainImage, scratchLlava, tinySource, weightOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
const RED = plainImage("red", "#f00");
const BLUE = plainImage("blue", "#00f");

let model: LlavaModel;
beforeAll(async () => {
  model = await openDistinctModel(scratch);
});
afterAll(() => model.dispose());

it("keeps one file per image; answers are the same with and without files", async () => {
  const folder = scratch.fresh();
  const plain = await ask([RED, BLUE]);
  expect(plain[0]).not.toBe(plain[1]);
  expect(await ask([RED, BLUE, plainImage("red again", "#f00")], folder)).toEqual([...plain, plain[0]]);
  expect(await filesIn(folder)).toHaveLength(2);
  expect(await ask([RED, BLUE], folder)).toEqual(plain);
  expect(await filesIn(folder)).toHaveLength(2);
});

it("removes old temporary files of killed processes beside a file that it writes", async () => {
  const folder = scratch.fresh();
  const name = "a.features.5c1f1d3c-3a54-4a5e-9f43-0b9f6f1b2a10.tmp";
  for (let place = 0; place < 256; place++) {
    const litter = new URL(`${place.toString(16).padStart(2, "0")}/${name}`, folder);
    await mkdir(new URL("./", litter), { recursive: true });
    await writeFile(litter, "half");
    await utimes(litter, 1, 1);
  }
  await ask([RED], folder);
  expect((await readdir(folder, { recursive: true })).filter((path) => path.endsWith(".tmp"))).toHaveLength(255);
});

it("neither runs the tower nor decodes the image if a file has the features", async () => {
  const folder = scratch.fresh();
  const [answer] = await ask([RED], folder);
  const kernels = await kernelsOf(() => ask([RED], folder));
  const all = await kernelsOf(() => ask([RED]));
  expect(kernels.answers).toEqual([answer]);
  expect(all.answers).toEqual([answer]);
  // Only the tower has layer norms, and nothing else computes means.
  expect(all.names).toContain("Mean");
  expect(kernels.names).not.toContain("Mean");
});

it("computes features again if the file is truncated, changed, or that of another image", async () => {
  const folder = scratch.fresh();
  const plain = await ask([RED, BLUE], folder);
  const [first, second] = (await filesIn(folder)) as [URL, URL];
  const whole = await readFile(first);
  await truncate(first, whole.length - 5);
  expect(await ask([RED, BLUE], folder)).toEqual(plain);
  expect(await readFile(first)).toEqual(whole);

  await writeFile(
    first,
    whole.map((byte, index) => (index === 60 ? byte ^ 64 : byte)),
  );
  expect(await ask([RED, BLUE], folder)).toEqual(plain);
  expect(await readFile(first)).toEqual(whole);

  await rename(second, first);
  expect(await ask([RED, BLUE], folder)).toEqual(plain);
  expect(await readFile(first)).toEqual(whole);
});

it("uses no features of a tower with different weights, or of images that were framed differently", async () => {
  const folder = scratch.fresh();
  const before = await ask([RED], folder);
  const weights = await weightOf(model, "layers.0.mlp.fc1.weight");
  weights.set(weights.values.map((value) => 30 * value));
  await ask([RED], folder);
  expect(await filesIn(folder)).toHaveLength(2);
  weights.set(weights.values);
  expect(await ask([RED], folder)).toEqual(before);
  expect(await filesIn(folder)).toHaveLength(2);

  const { format } = model;
  model.setFormat({ ...format, imageAspectRatio: format.imageAspectRatio === "pad" ? "square" : "pad" });
  await ask([RED], folder);
  model.setFormat(format);
  expect(await filesIn(folder)).toHaveLength(3);
});

it("accepts a path as the folder", async () => {
  const folder = scratch.fresh();
  await ask([RED], fileURLToPath(folder));
  expect(await filesIn(folder)).toHaveLength(1);
});

it("creates no folder for text", async () => {
  const folder = scratch.fresh();
  await ask([undefined], folder);
  await expect(readdir(folder)).rejects.toThrow(/ENOENT/);
});

it("says when its folder cannot be written, or is not one", async () => {
  const folder = scratch.fresh();
  const file = new URL(folder.href.replace(/\/$/, ""));
  await writeFile(file, "in the way");
  await expect(ask([RED], folder)).rejects.toMatchObject({ code: "unavailable", message: /could not be written/ });
  await rm(file);
  const remote = new URL("https://example.org/features/");
  await expect(ask([RED], remote)).rejects.toMatchObject({
    code: "invalid-options",
    message: /featureCache: "https:.* is not on this machine/,
  });
});

it("leaves no tensors behind", async () => {
  const folder = scratch.fresh();
  await ask([RED, BLUE], folder);
  const before = tf.memory().numTensors;
  await ask([RED, BLUE], folder);
  expect(tf.memory().numTensors).toBe(before);
});

it("finds features again in another session, whichever folder and layout the model is opened from", async () => {
  const folder = scratch.fresh();
  await ask([RED], folder);
  const [moved, tower] = await Promise.all([scratch.copy(scratch.backbone), scratch.copy(scratch.tower)]);
  const saved = { llava: scratch.fresh(), hf: scratch.fresh() };
  // In the layout hf, the image processor pads.
  expect(model.format.imageAspectRatio).toBe("pad");
  for (const layout of ["llava", "hf"] as const) await model.save(saved[layout], { layout });
  for (const source of [tinySource(moved, tower), tinySource(saved.llava), tinySource(saved.hf, undefined, "plain")]) {
    const again = await source.open({ seed: 3 });
    await ask([RED], folder, again);
    again.dispose();
  }
  expect(await filesIn(folder)).toHaveLength(1);
});

async function ask(
  images: readonly (ImageReference | undefined)[],
  featureCache?: Location,
  asked = model,
): Promise<readonly string[]> {
  const requests = images.map((image, index) => ({
    id: `${index}`,
    prompt: { kind: "raw", text: `${image ? "<image>" : ""}what is it?`, beginOfSequence: true } as const,
    images: image ? [image] : [],
    maximumNewTokens: 8,
  }));
  const texts: string[] = [];
  for await (const { id, text } of asked.generate(requests, featureCache ? { featureCache } : {}))
    texts[Number(id)] = text;
  return texts;
}

/** Returns the kernels that are called while `work` runs. */
async function kernelsOf(
  run: () => Promise<readonly string[]>,
): Promise<{ readonly names: readonly string[]; readonly answers: readonly string[] }> {
  let answers: readonly string[] = [];
  const { kernels } = await tf.profile(async () => {
    answers = await run();
    return tf.scalar(0);
  });
  return { names: kernels.map(({ name }) => name), answers };
}

async function filesIn(folder: URL): Promise<readonly URL[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith(".features")).map((name) => new URL(name, folder));
}

import { readdir, readFile, rename, stat, utimes, writeFile } from "node:fs/promises";
import { onnxStatistics } from "@mlan/backend-onnx";
import type { DownloadProgress, Score } from "@mlan/core";
import { openSafetensors } from "@mlan/safetensors";
import { describe, expect, it } from "vitest";
import { type Format, formatModels, keptFile, resultsOf } from "./format-models.ts";
import { tinySource } from "./tiny-llava.ts";

const { folder, open, resultsIn, scratch, sourceOf } = await formatModels();

const valuesOf = ({ scores }: { scores: readonly Score[] }): number[] =>
  scores.map(({ logProbability }) => logProbability);

/** Replaces the last four bytes of the first tensor whose name ends so. */
function withValue(file: Buffer, end: string, value: Buffer): Buffer {
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + length)) as Record<string, { data_offsets: [number, number] }>;
  const name = Object.keys(header).find((one) => one.endsWith(end)) ?? end;
  const [, after = 0] = header[name]?.data_offsets ?? [];
  const changed = Buffer.from(file);
  value.copy(changed, 8 + length + after - value.length);
  return changed;
}

it("the prediction of disk space counts a kept file only for its block size, its weights and its version", async () => {
  const copy = await scratch.copy(folder);
  const bytes = async (format: Format): Promise<number | undefined> =>
    (await sourceOf(format, copy).inspect()).memory?.fileBytes;
  const [before, other] = [await bytes("int8-128"), await bytes("int8")];
  (await open("int8-128", copy)).dispose();
  const kept = await keptFile(copy, "int8-128");
  const header = Number((await readFile(kept)).readBigUInt64LE(0));
  expect(before).toBe((await stat(kept)).size - 8 - header);
  expect([await bytes("int8-128"), await bytes("int8")]).toEqual([0, other]);
  await utimes(new URL("model.safetensors", copy), new Date(), new Date(Date.now() + 5000));
  expect(await bytes("int8-128")).toBe(before);
  (await open("int8-128", copy)).dispose();
  const changed = await keptFile(copy, "int8-128");
  await rename(changed, new URL(changed.href.replace(/-v\d+-/, "-v4-")));
  expect(await bytes("int8-128")).toBe(before);
});

it("a new kept file replaces those of earlier versions, and no other", async () => {
  const copy = await scratch.copy(folder);
  for (const format of ["int8", "int4"] as const) (await open(format, copy)).dispose();
  const kept = new URL("quantized/", copy);
  const current = await readdir(kept);
  const earlier = current.flatMap((name) => [name.replace(/-v\d+-/, "-"), name.replace(/-v\d+-/, "-v4-")]);
  const later = current.map((name) => name.replace(/-v\d+-/, "-v99-"));
  for (const name of [...earlier, ...later, "notes.txt"]) await writeFile(new URL(name, kept), "");
  (await open("int4-32", copy)).dispose();
  const files = await readdir(kept);
  expect(files).toEqual(expect.arrayContaining([...current, ...later, "notes.txt"]));
  expect(files.filter((name) => earlier.includes(name))).toEqual([]);
});

describe.each([
  ["int8", 0.02],
  ["int4", 0.4],
] as const)("a model in %s", (format, tolerance) => {
  it("scores are close to float32, and the same at every start", async () => {
    const first = await resultsIn(format);
    const exact = valuesOf(await resultsIn("float32"));
    for (const [index, value] of valuesOf(first).entries())
      expect(Math.abs(value - exact[index]!)).toBeLessThan(tolerance * Math.abs(exact[index]!));
    expect(valuesOf(first)).not.toEqual(exact);
    expect(await resultsIn(format)).toEqual(first);
  });

  it("keeps the rounded matrices beside the checkpoint, and maps them at later starts", async () => {
    (await open(format)).dispose();
    const kept = new URL("quantized/", folder);
    const files = async (): Promise<string[]> => (await readdir(kept)).filter((name) => name.startsWith(format));
    const [name = ""] = await files();
    expect(await files()).toEqual([
      expect.stringMatching(new RegExp(`^${format}-v\\d+-[0-9a-f]{32}-[0-9a-f]{32}\\.safetensors$`)),
    ]);
    const { mtimeMs } = await stat(new URL(name, kept));
    const { mappedBytes } = onnxStatistics();
    const model = await open(format);
    expect(onnxStatistics().mappedBytes).toBeGreaterThan(mappedBytes);
    model.dispose();
    expect((await stat(new URL(name, kept))).mtimeMs).toBe(mtimeMs);
    // Different weights get a new file, and files of earlier weights are removed.
    await utimes(new URL("model.safetensors", folder), new Date(), new Date(Date.now() + 5000));
    (await open(format)).dispose();
    expect(await readdir(kept)).toEqual([expect.not.stringContaining(name)]);
  });

  it("replaces a damaged file", async () => {
    const copy = await scratch.copy(folder);
    const results = async (): Promise<unknown> => {
      const model = await open(format, copy);
      const found = await resultsOf(model);
      model.dispose();
      return found;
    };
    const whole = await results();
    const kept = await keptFile(copy, format);
    const bytes = await readFile(kept);
    const cut = bytes.subarray(0, -4);
    const endless = withValue(bytes, ".scales", Buffer.from(Float32Array.of(Infinity).buffer));
    const flipped = withValue(bytes, ".codes", Buffer.from([0x12, 0x34, 0x56, 0x78]));
    const text = bytes.toString("latin1");
    const turned = Buffer.from(text.replaceAll(/"shape":\[(\d+),(\d+)\]/g, '"shape":[$2,$1]'), "latin1");
    const otherName = Buffer.from(text.replaceAll("q_proj.weight.codes", "x_proj.weight.codes"), "latin1");
    for (const one of [turned, otherName]) expect([one.length, one.equals(bytes)]).toEqual([bytes.length, false]);
    for (const damaged of [cut, Buffer.alloc(0), endless, flipped, turned, otherName]) {
      await writeFile(kept, damaged);
      expect(await results()).toEqual(whole);
      expect(await readFile(kept)).toEqual(bytes);
    }
  });

  it("keeps the matrices of a base beside the base, for every checkpoint trained on it", async () => {
    const base = await scratch.copy(folder);
    const trained = [scratch.fresh(), scratch.fresh()];
    // The projector is fresh, so it counts as trained.
    const model = await tinySource(base, scratch.tower).open();
    for (const one of trained) await model.save(one, { trainedOnly: true });
    model.dispose();
    for (const one of trained) (await open(format, one)).dispose();
    const files = (await readdir(new URL("quantized/", base))).filter((name) => name.startsWith(format));
    expect(files.length).toBe(1);
    for (const one of trained) expect(await readdir(one)).not.toContain("quantized");
  });

  it("is neither trained nor saved, and says which formats can be", async () => {
    const model = await open(format);
    expect(() => model.learn(["language"])).toThrow(
      /"model\.layers\.0\.self_attn\.q_proj\.weight" was opened in [48] bits and cannot be trained\. Open the model with weightFormat "stored"/,
    );
    const { checkLearning } = await sourceOf(format).inspect();
    expect(() => checkLearning?.(["vision", "language"])).toThrow(
      /weightFormat "int[48]" rounds the matrices of the language model, which then cannot be trained\. Open the model with/,
    );
    expect(() => checkLearning?.(["projector"])).not.toThrow();
    await expect(model.save(scratch.fresh())).rejects.toThrow(
      /was not written: the model was opened with weightFormat "int[48]", which rounds/,
    );
    model.dispose();
  });

  it("has its own fingerprint", async () => {
    const [model, plain] = [await open(format), await open("float32")];
    expect(model.fingerprint).not.toBe(plain.fingerprint);
    for (const one of [model, plain]) one.dispose();
  });
});

it("takes blocks of another size, which make another file and another model", async () => {
  const opened = [await open("int4"), await open("int4-32"), await open("int4-128")];
  expect(new Set(opened.map(({ fingerprint }) => fingerprint)).size).toBe(3);
  for (const model of opened) model.dispose();
  const { entries, close } = await openSafetensors(await keptFile(folder, "int4-32"));
  await close();
  const shapeOf = (name: string): readonly number[] | undefined => entries.get(`${name}.codes`)?.shape;
  // A row of 16 values is one block of 32 codes: 4 words of 4 bits each, and 8 words of 8 bits in the output layer.
  expect(shapeOf("model.layers.0.self_attn.q_proj.weight")).toEqual([16, 4]);
  expect(shapeOf("lm_head.weight")).toEqual([expect.any(Number), 8]);
  expect(shapeOf("model.embed_tokens.weight")).toBeUndefined();
});

it("reports how far quantizing is, once per matrix, and nothing at later starts", async () => {
  const copy = await scratch.copy(folder);
  const reported: DownloadProgress[] = [];
  const openOnce = async (): Promise<void> => {
    const model = await sourceOf("int4", copy).open({ onDownload: (progress) => reported.push(progress) });
    model.dispose();
  };
  await openOnce();
  const file = await keptFile(copy, "int4");
  // Two layers of seven matrices, and the output layer.
  expect(reported.length).toBe(15);
  const name = file.pathname.split("/").at(-1);
  for (const one of reported)
    expect(one).toMatchObject({ activity: "quantizing", file: name, size: reported[0]!.size });
  const done = reported.map(({ bytes }) => bytes);
  expect(done).toEqual(done.toSorted((one, other) => one - other));
  const { size } = reported[0]!;
  expect(done.at(-1)).toBe(size);
  // The rest of the file is its header.
  const whole = await readFile(file);
  expect(whole.length - 8 - Number(whole.readBigUInt64LE())).toBe(size);
  await openOnce();
  expect(reported.length).toBe(15);
});

it("loads a checkpoint from the file that is kept beside it", async () => {
  const model = await open("int4");
  const { mappedBytes, leafBytes } = onnxStatistics();
  await model.load(folder);
  expect(onnxStatistics()).toMatchObject({ mappedBytes, leafBytes });
  const results = await resultsOf(model);
  model.dispose();
  expect(results).toEqual(await resultsIn("int4"));
});

import { createHash } from "node:crypto";
import { appendFile, cp, readdir, readFile, rename, rm } from "node:fs/promises";
import { pathOf } from "@mlan/core";
import { openSafetensors, type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import { describe, expect, it } from "vitest";
import { loraReference, LORA, loraBase, loraSource, lossOf, trainAdapter, trainedAdapter } from "./lora-fixture.ts";
import { changeJson, scratchLlava, tinySource, valuesOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
const { base, expected } = await loraReference(scratch);
const OPTIONS = { rank: 4, alpha: 8, dropout: 0, rankStabilized: true } as const;

async function savedAdapter(): Promise<{
  readonly folder: URL;
  readonly values: Awaited<ReturnType<typeof valuesOf>>;
}> {
  const folder = scratch.fresh();
  const model = await trainedAdapter(base);
  await model.save(folder, { trainedOnly: true });
  const values = await valuesOf(model);
  model.dispose();
  return { folder, values };
}

async function readJson(file: URL): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
}

describe("a folder of an adapter alone", () => {
  it("is to the bit the one that peft has opened", async () => {
    const { folder } = await savedAdapter();
    // Written by tools/fixtures/model_llava_lora.py.
    const record = await readJson(new URL("opened-by-peft.json", LORA));
    const bytes = await readFile(new URL("adapter_model.safetensors", folder));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(record["sha256"]);
    const { base_model_name_or_path: place, ...config } = await readJson(new URL("adapter_config.json", folder));
    expect(config).toEqual(record["config"]);
    expect(place).toBe(pathOf(base));
    expect(record["largestDifferenceOfLogits"]).toBeLessThan(1e-5);
  });

  it("holds no weight of the base, and opens to the same bits", async () => {
    const { folder, values } = await savedAdapter();
    const names = await readdir(folder);
    expect(names).toEqual(expect.arrayContaining(["adapter_config.json", "adapter_model.safetensors", "base.json"]));
    expect(names.filter((name) => name.endsWith(".safetensors"))).toEqual(["adapter_model.safetensors"]);
    const copy = await loraSource({ weights: folder }).open();
    expect(await valuesOf(copy)).toEqual(values);
    // Trained further on the same base.
    copy.adapt?.(OPTIONS, { seed: 9 });
    expect(await valuesOf(copy)).toEqual(values);
    await trainAdapter(copy, expected.conversations, { steps: 1, learningRate: 1e-2 });
    const next = scratch.fresh();
    await copy.save(next, { trainedOnly: true });
    expect(await readJson(new URL("base.json", next))).toMatchObject({ weights: pathOf(base) });
    const last = await loraSource({ weights: next }).open();
    expect(await valuesOf(last)).toEqual(await valuesOf(copy));
    for (const one of [copy, last]) one.dispose();
  });

  it("given beside a base says how the adapted model is asked, and that its template was another", async () => {
    const folder = scratch.fresh();
    const model = await trainedAdapter(base);
    model.setFormat({ template: "v1", imageAspectRatio: "square", maximumLength: 77 });
    await model.save(folder, { trainedOnly: true });
    const { format, templateFingerprint } = model;
    model.dispose();
    const adapted = loraSource({ weights: base, adapter: folder });
    const copy = await adapted.open();
    expect([copy.format, copy.wording.name, copy.templateFingerprint]).toEqual([format, "tuned", templateFingerprint]);
    copy.dispose();
    const asked = await adapted.inspect();
    expect([asked.wording?.().name, asked.tuningTemplate, asked.notices]).toEqual(["tuned", "v1", []]);
    await changeJson(new URL("config.json", folder), { mlan_template_fingerprint: "0123456789abcdef" });
    await rm(new URL("checksums.json", folder));
    expect((await adapted.inspect()).notices).toEqual([expect.stringContaining("0123456789abcdef")]);
  });

  it("loads into models of the base, with another adapter or none, whose variables stay the same", async () => {
    const { folder, values } = await savedAdapter();
    const plain = await loraSource({ weights: base }).open();
    await plain.load(folder);
    expect(await valuesOf(plain)).toEqual(values);
    const other = await loraSource({ weights: base }).open();
    other.adapt?.({ ...OPTIONS, rank: 2 }, { seed: 3 });
    await other.load(folder);
    expect(await valuesOf(other)).toEqual(values);
    const learns = await loraSource({ weights: base }).open();
    learns.adapt?.(OPTIONS, { seed: 3 });
    const learning = learns.learn(["adapter"]);
    await learns.load(folder);
    for (const { name, variable } of learning.parameters) expect([...(await variable.data())]).toEqual(values[name]);
    learning.end();
    // Loading a folder without an adapter also restores the base's own weights.
    const untouched = scratch.fresh();
    const source = await loraSource({ weights: base }).open();
    await source.save(untouched);
    await learns.load(untouched);
    expect(await valuesOf(learns)).toEqual(await valuesOf(source));
    for (const one of [plain, other, learns, source]) one.dispose();
  });

  it("with its linear maps in another order, as peft sorts them, loads into an adapter that a recipe made", async () => {
    const folder = scratch.fresh();
    const sorted = await loraSource({ weights: base, adapter: new URL("trained/", LORA) }).open();
    await sorted.save(folder, { trainedOnly: true });
    const made = await loraSource({ weights: base }).open();
    made.adapt?.(OPTIONS, { seed: 3 });
    await made.load(folder);
    expect(await valuesOf(made)).toEqual(await valuesOf(sorted));
    for (const one of [sorted, made]) one.dispose();
  });

  it("becomes a whole model by an ordinary save and by an export, which need the base no more", async () => {
    const { folder } = await savedAdapter();
    const [whole, exported] = [scratch.fresh(), scratch.fresh()];
    const model = await loraSource({ weights: folder }).open();
    const wanted = await lossOf(model, expected.conversations);
    await model.save(whole);
    model.dispose();
    await loraSource({ weights: folder }).export(exported);
    for (const merged of [whole, exported]) {
      expect(await readdir(merged)).not.toContain("adapter_config.json");
      const copy = await loraSource({ weights: merged }).open();
      expect(copy.parameters().some(({ component }) => component === "adapter")).toBe(false);
      expect(await lossOf(copy, expected.conversations)).toBeCloseTo(wanted, 5);
      copy.dispose();
    }
  });

  it("opens on a rounded base, of which a further checkpoint holds the adapter alone", async () => {
    const { folder } = await savedAdapter();
    const model = await loraSource({ weights: folder, weightFormat: "int8" }).open();
    await trainAdapter(model, expected.conversations, { steps: 1, learningRate: 1e-2 });
    const next = scratch.fresh();
    await model.save(next, { trainedOnly: true });
    await expect(model.save(scratch.fresh())).rejects.toThrow(/weightFormat "int8", which rounds its weights/);
    const copy = await loraSource({ weights: next, weightFormat: "int8" }).open();
    expect(await lossOf(copy, expected.conversations)).toBe(await lossOf(model, expected.conversations));
    for (const one of [model, copy]) one.dispose();
  });

  it("says what is wrong: a changed bit, a base that moved, shapes of another model", async () => {
    const { folder } = await savedAdapter();
    const damaged = await scratch.copy(folder);
    await appendFile(new URL("adapter_model.safetensors", damaged), "x");
    await expect(loraSource({ weights: damaged }).open()).rejects.toThrow(
      /adapter_model\.safetensors differs from what was saved/,
    );
    const elsewhere = await scratch.copy(folder);
    await changeJson(new URL("base.json", elsewhere), { weights: "/nowhere/" });
    await expect(loraSource({ weights: elsewhere }).open()).rejects.toThrow(/holds only trained components/);
    const adapter = scratch.fresh();
    await cp(new URL("start/", LORA), adapter, { recursive: true });
    const low = (side: "A" | "B", shape: readonly number[]): TensorToWrite => ({
      name: `base_model.model.model.layers.0.mlp.up_proj.lora_${side}.weight`,
      shape,
      dtype: "F32",
      data: () => new Float32Array(4 * 24),
    });
    await writeSafetensors(new URL("adapter_model.safetensors", adapter), [low("A", [4, 24]), low("B", [24, 4])]);
    await expect(loraSource({ weights: base, adapter }).open()).rejects.toThrow(
      /updates "model\.layers\.0\.mlp\.up_proj\.weight" by \[24, 4\] times \[4, 24\], but it is \[24, 16\]\. Take the base/,
    );
  });

  it("is not written without its base", async () => {
    const moved = await loraBase(scratch);
    const model = await loraSource({ weights: moved }).open();
    model.adapt?.(OPTIONS, { seed: 1 });
    await rename(moved, scratch.fresh());
    const target = scratch.fresh();
    await expect(model.save(target, { trainedOnly: true })).rejects.toThrow(
      /would hold only the adapter, and its base in .* was moved or changed since the model was opened/,
    );
    model.dispose();
  });
});

it("the projector that learned with an adapter is beside it, as peft's modules_to_save", async () => {
  const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 3 });
  model.adapt?.({ ...OPTIONS, targets: ["q_proj", "up_proj"] }, { seed: 1 });
  const folder = scratch.fresh();
  await model.save(folder, { trainedOnly: true });
  expect(await readJson(new URL("adapter_config.json", folder))).toMatchObject({
    modules_to_save: ["mm_projector"],
    // Linear maps of the tower have names with the same ends.
    target_modules: [0, 1].flatMap((layer) => [
      `model.layers.${layer}.self_attn.q_proj`,
      `model.layers.${layer}.mlp.up_proj`,
    ]),
  });
  const reader = await openSafetensors(new URL("adapter_model.safetensors", folder));
  const names = [...reader.entries.keys()];
  await reader.close();
  expect(names).toContain("base_model.model.model.mm_projector.0.weight");
  expect(names).toHaveLength(2 * 2 * 2 + 4);
  const copy = await tinySource(folder).open();
  expect(await valuesOf(copy)).toEqual(await valuesOf(model));
  const exported = scratch.fresh();
  await tinySource(folder).export(exported, { layout: "hf" });
  expect(await readdir(exported)).toContain("model.safetensors");
  for (const one of [model, copy]) one.dispose();
});

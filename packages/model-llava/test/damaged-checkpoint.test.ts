import { cp, open, rm, truncate, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { MlanError, verifyChecksums, writeChecksums } from "@mlan/core";
import type { TensorToWrite } from "@mlan/safetensors";
import { beforeAll, describe, expect, it } from "vitest";
import { changeJson, rewriteTensors, scratchLlava, tinySource, valuesOf, weightOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
beforeAll(() => useOnnxBackend());

describe("a checkpoint that cannot be right", () => {
  const cases: readonly { readonly title: string; readonly says: RegExp; damage(folder: URL): Promise<void> }[] = [
    {
      title: "a config without a needed key",
      says: /config\.json: key "hidden_size" is missing/,
      damage: config({ hidden_size: undefined }),
    },
    {
      title: "a config key of another type",
      says: /config\.json: key "vocab_size" is "many"/,
      damage: config({ vocab_size: "many" }),
    },
    { title: "another architecture", says: /"model_type" is "mistral"/, damage: config({ model_type: "mistral" }) },
    {
      title: "heads that do not divide",
      says: /key "num_key_value_heads" is 3/,
      damage: config({ num_key_value_heads: 3 }),
    },
    {
      title: "rotary positions scaled as is not supported",
      says: /rope_scaling\.type" is "yarn" \(only default, linear, dynamic and llama3/,
      damage: config({ rope_scaling: { type: "yarn", factor: 2 } }),
    },
    {
      title: "scaled rotary positions without their factor",
      says: /rope_scaling\.factor" is missing/,
      damage: config({ rope_scaling: { type: "linear" } }),
    },
    {
      title: "rotary positions scaled to infinity",
      says: /rope_scaling\.factor" is 0/,
      damage: config({ rope_scaling: { type: "linear", factor: 0 } }),
    },
    {
      title: "a LLaVA without its tower",
      says: /names the vision tower "openai\/clip"[\s\S]*`visionTower`/,
      damage: config(LLAVA),
    },
    {
      title: "a config that is no JSON",
      says: /config\.json is not JSON/,
      damage: (folder) => writeFile(new URL("config.json", folder), "{"),
    },
    {
      title: "a truncated weight file",
      says: /model\.safetensors/,
      damage: (folder) => truncate(new URL("model.safetensors", folder), 20_000),
    },
    { title: "a header that lies about offsets", says: /model\.safetensors/, damage: lieAboutOffsets },
    {
      title: "a missing tensor",
      says: /tensor "model\.norm\.weight" is missing in .*model\.safetensors/,
      damage: tensors((all) => all.filter(({ name }) => name !== "model.norm.weight")),
    },
    {
      title: "a tensor too many",
      says: /1 tensor that config\.json does not account for, such as "model\.layers\.0\.extra"/,
      damage: tensors((all) => [...all, { ...all[0]!, name: "model.layers.0.extra" }]),
    },
    {
      title: "more layers than the config says",
      says: /"model\.layers\.1\./,
      damage: config({ num_hidden_layers: 1 }),
    },
    {
      title: "a tensor of another shape",
      says: /"model\.layers\.0\.mlp\.gate_proj\.weight" is \[24, 16\], but config\.json makes it \[20, 16\]/,
      damage: config({ intermediate_size: 20 }),
    },
    ...[NaN, Infinity, -Infinity].map((value) => ({
      title: `a weight that is ${value}`,
      says: new RegExp(`model\\.safetensors: tensor "model\\.norm\\.weight" holds ${value} at index 3`),
      damage: tensors((all) =>
        all.map((tensor) =>
          tensor.name === "model.norm.weight" ? { ...tensor, data: () => new Float32Array(16).fill(value, 3) } : tensor,
        ),
      ),
    })),
    { title: "a tokenizer with more tokens than the model", says: /vocabulary of 4/, damage: smallVocabulary },
  ];

  it.each(cases)("is refused: $title", async ({ says, damage }) => {
    const folder = await scratch.copy(scratch.backbone);
    await damage(folder);
    const error = await tinySource(folder)
      .open()
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(MlanError.is(error, "invalid-checkpoint"), String(error)).toBe(true);
    expect((error as Error).message).toMatch(says);
  });

  it("is refused: a LLaVA without its projector", async () => {
    const folder = await scratch.copy(scratch.backbone);
    await config(LLAVA)(folder);
    await expect(tinySource(folder, scratch.tower).open()).rejects.toThrow(
      /"model\.mm_projector\.0\.weight" is missing/,
    );
  });

  it("is refused: a changed file of a saved model, by name, unless the checksums are removed", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 7 });
    await model.save(folder);
    model.dispose();
    await changeJson(new URL("config.json", folder), { rope_theta: 500_000 });
    await expect(tinySource(folder).open()).rejects.toThrow(
      /config\.json differs from what was saved.* If the change is intended, remove checksums\.json\.$/,
    );
    await rm(new URL("checksums.json", folder));
    (await tinySource(folder).open()).dispose();
  });

  it("is refused: a changed file in a training checkpoint, of which a copy may be opened without checksums", async () => {
    const training = scratch.fresh();
    const folder = new URL("model/", training);
    const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 7 });
    await model.save(folder);
    await writeChecksums(training);
    await changeJson(new URL("config.json", folder), { rope_theta: 500_000 });
    const advice = `If the change is intended, copy ${fileURLToPath(folder)} to another place, remove checksums.json from the copy, and open that.`;
    await expect(tinySource(folder).open()).rejects.toThrow(advice);
    // Neither a run nor the model that wrote it could continue from it.
    await expect(model.load(folder)).rejects.toThrow(
      /config\.json differs from what was saved: [^.]*\.json\. Restore it from a copy\.$/,
    );
    model.dispose();
    const copy = await scratch.copy(folder);
    await rm(new URL("checksums.json", copy));
    (await tinySource(copy).open()).dispose();
    await rm(new URL("checksums.json", folder));
    await expect(verifyChecksums(training)).rejects.toThrow("model/checksums.json is missing");
    await expect(tinySource(folder).open()).rejects.toThrow(
      /model\/checksums\.json is missing, so the weights cannot be verified\. Restore it, or copy .*model\/ to another place and open that\.$/,
    );
    const stranger = new URL("stranger/", training);
    await cp(folder, stranger, { recursive: true });
    (await tinySource(stranger).open()).dispose();
  });

  it("is not written when a weight is not finite", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone).open();
    await model.save(folder);
    const norm = await weightOf(model, "model.norm.weight");
    norm.set(norm.values.fill(NaN));
    const error: unknown = await model.save(folder).catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
    expect(String(error)).toMatch(/was not written: tensor "model\.norm\.weight" holds NaN/);
    await model.load(folder);
    expect((await valuesOf(model))["model.norm.weight"]?.every(Number.isFinite)).toBe(true);
    model.dispose();
  });

  it("is refused when loaded, and the weights do not change", async () => {
    const model = await tinySource(scratch.backbone, scratch.tower).open();
    const before = await valuesOf(model);
    const folder = scratch.fresh();
    await model.save(folder);
    await truncate(new URL("model.safetensors", folder), 20_000);
    await expect(model.load(folder)).rejects.toThrow(/model\.safetensors/);
    await expect(model.load(scratch.backbone)).rejects.toThrow(/different sizes/);
    expect(await valuesOf(model)).toEqual(before);
    model.dispose();
  });
});

const LLAVA = {
  model_type: "llava_llama",
  mm_vision_tower: "openai/clip",
  mm_projector_type: "mlp2x_gelu",
  mm_vision_select_layer: -2,
  mlan_template: "v1",
};

function config(changes: Record<string, unknown>): (folder: URL) => Promise<void> {
  return (folder) => changeJson(new URL("config.json", folder), changes);
}

function tensors(change: (all: TensorToWrite[]) => TensorToWrite[]): (folder: URL) => Promise<void> {
  return (folder) => rewriteTensors(folder, change);
}

/** Moves the end of the first tensor beyond the end of the file, without changing the header's length. */
async function lieAboutOffsets(folder: URL): Promise<void> {
  const file = await open(new URL("model.safetensors", folder), "r+");
  const start = Buffer.alloc(400);
  await file.read(start, 0, 400, 0);
  const text = start.toString("latin1");
  const changed = text.replace(/"data_offsets":\[0,(\d)/, '"data_offsets":[0,9');
  expect(changed).not.toBe(text);
  await file.write(Buffer.from(changed, "latin1"), 0, 400, 0);
  await file.close();
}

async function smallVocabulary(folder: URL): Promise<void> {
  await config({ vocab_size: 4 })(folder);
  await tensors((all) =>
    all.map((tensor) =>
      /embed_tokens|lm_head/.test(tensor.name)
        ? { ...tensor, shape: [4, 16], data: () => new Float32Array(64) }
        : tensor,
    ),
  )(folder);
}

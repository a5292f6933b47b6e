import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { MlanError, verifyChecksums } from "@mlan/core";
import { openSafetensors } from "@mlan/safetensors";
import { writeTinyLlava } from "@mlan/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { withSentencePiece } from "./saved-models.ts";
import { scratchLlava, tinySource, valuesOf, weightOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
beforeAll(() => useOnnxBackend());

async function textOf(folder: URL, name: string): Promise<string> {
  return readFile(new URL(name, folder), "utf8");
}

describe("a save in shards", () => {
  it("has an index and opens with the same bits", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone, scratch.tower).open();
    await model.save(folder, { shardSize: 30_000 });
    const names = await readdir(folder);
    const shards = names.filter((name) => name.endsWith(".safetensors"));
    expect(shards.length).toBeGreaterThan(2);
    expect(shards[0]).toBe(`model-00001-of-0000${shards.length}.safetensors`);
    expect(names).toContain("model.safetensors.index.json");
    const copy = await tinySource(folder).open();
    expect(await valuesOf(copy)).toEqual(await valuesOf(model));
    model.dispose();
    copy.dispose();
  });
});

describe("a save in half precision", () => {
  it("reads back as the nearest values", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone).open();
    await model.save(folder, { dtype: "float16" });
    const values = await valuesOf(model);
    const reader = await openSafetensors(folder);
    for (const [name, { dtype }] of reader.entries) {
      expect(dtype).toBe("F16");
      // 11 significant bits, and a distance of 2 ** -24 near zero.
      (await reader.read(name)).forEach((value, index) => {
        const exact = values[name]?.[index] ?? NaN;
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.max(Math.abs(exact) / 2048, 2 ** -25));
      });
    }
    await reader.close();
    expect(JSON.parse(await textOf(folder, "config.json"))).toMatchObject({ torch_dtype: "float16" });
    model.dispose();
  });

  it("refuses a weight out of its range by name, and does not change the folder", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone).open();
    await model.save(folder);
    const before = await textOf(folder, "checksums.json");
    const weight = await weightOf(model, "model.norm.weight");
    weight.set(weight.values.fill(70_000));
    const saving = model.save(folder, { dtype: "float16" });
    await expect(saving).rejects.toThrow(
      /tensor "model.norm.weight" holds 70000 at index 0, beyond the largest float16/,
    );
    await expect(saving).rejects.toSatisfy((error) => MlanError.is(error, "invalid-options"));
    expect(await textOf(folder, "checksums.json")).toBe(before);
    expect(await verifyChecksums(folder)).toBe(true);
    expect((await readdir(folder)).some((name) => name.endsWith(".tmp"))).toBe(false);
    model.dispose();
  });
});

describe("a folder that holds another model", () => {
  it("removes that model and keeps all other files", async () => {
    const folder = scratch.fresh();
    await writeTinyLlava(new URL("other/", folder), { seed: 9, shards: 3 });
    const target = new URL("other/backbone/", folder);
    await mkdir(new URL("additional_chat_templates/", target));
    for (const name of [
      "mm_projector.bin",
      "adapter_config.json",
      "pytorch_model.bin",
      "processor_config.json",
      "model.fp16-00001-of-00002.safetensors",
      "model.safetensors.index.fp16.json",
      "consolidated.safetensors",
      "consolidated.00.pth",
      "params.json",
      "additional_chat_templates/rag.jinja",
    ])
      await writeFile(new URL(name, target), "stale");
    await writeFile(new URL("README.md", target), "mine");
    await mkdir(new URL("onnx/", target));
    const model = await tinySource(scratch.backbone, scratch.tower).open();
    await model.save(target);
    expect((await readdir(target)).toSorted()).toEqual([
      "README.md",
      "checksums.json",
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "onnx",
      "preprocessor_config.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    const copy = await tinySource(target).open();
    expect(await valuesOf(copy)).toEqual(await valuesOf(model));
    model.dispose();
    copy.dispose();
  });
});

describe("the files beside the weights", () => {
  it("are copied byte for byte, and floats stay floats", async () => {
    const source = await scratch.copy(scratch.backbone);
    const copied = {
      "generation_config.json": '{"temperature": 1.0, "eos_token_id": [2, 3]}',
      "chat_template.jinja": "{{ messages }}\n",
      "additional_chat_templates/tool use.jinja": "{{ tools }}\n",
      "special_tokens_map.json": '{"bos_token": "<s>"}',
    };
    await mkdir(new URL("additional_chat_templates/", source));
    for (const [name, text] of Object.entries(copied)) await writeFile(new URL(name, source), text);
    const config = await textOf(source, "config.json");
    await writeFile(
      new URL("config.json", source),
      config
        .replace('"rope_theta": 10000', '"rope_theta": 10000.0')
        .replace(
          '"rms_norm_eps": 0.00001',
          '"rms_norm_eps": 1e-05, "scales": [1.0, 2, -0.5E+3], "text": "a 1.0 \\" 2.0"',
        ),
    );
    const tower = await scratch.copy(scratch.tower);
    const towerConfig = await textOf(tower, "config.json");
    await writeFile(new URL("config.json", tower), towerConfig.replace("{", '{ "initializer_factor": 1.0,'));
    const folder = scratch.fresh();
    const model = await tinySource(source, tower).open();
    await model.save(folder);
    for (const [name, text] of Object.entries(copied)) expect(await textOf(folder, name)).toBe(text);
    for (const name of ["tokenizer.json", "tokenizer_config.json"])
      expect(await textOf(folder, name)).toBe(await textOf(source, name));
    const saved = await textOf(folder, "config.json");
    expect(saved).toContain('"rope_theta": 10000.0,');
    expect(saved).toContain('"rms_norm_eps": 1e-05,');
    expect(saved).toContain('"initializer_factor": 1.0,');
    expect(saved.replaceAll(/\s+/g, " ")).toContain('"scales": [ 1.0, 2, -0.5E+3 ], "text": "a 1.0 \\" 2.0"');
    // Saving the saved model again does not change them either.
    const again = scratch.fresh();
    const copy = await tinySource(folder).open();
    await copy.save(again);
    expect(await textOf(again, "config.json")).toBe(saved);
    model.dispose();
    copy.dispose();
  });

  it("describe generation if the opened folder does not", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone).open();
    await model.save(folder);
    expect(JSON.parse(await textOf(folder, "generation_config.json"))).toEqual({
      _from_model_config: true,
      bos_token_id: 1,
      eos_token_id: 2,
    });
    model.dispose();
  });
});

describe("a save that is refused", () => {
  it.each([
    [{ dtype: "int8" }, /option "dtype": .*"float32".*found "int8"/],
    [{ layout: "gguf" }, /option "layout": .*"llava".*found "gguf"/],
    [{ shardSize: 0 }, /option "shardSize": expected a number of bytes greater than 0/],
    [{ shardSize: 100 }, /shard of 100 bytes is too small for tensor "model.embed_tokens.weight"/],
    [{ shards: 2 }, /there is no option "shards"/],
  ])("%j is one sentence", async (options, message) => {
    const model = await tinySource(scratch.backbone).open();
    const folder = scratch.fresh();
    const saving = model.save(folder, options as object);
    await expect(saving).rejects.toThrow(message);
    await expect(saving).rejects.toSatisfy((error) => MlanError.is(error, "invalid-options"));
    model.dispose();
  });

  it("names a file given instead of a folder", async () => {
    const folder = scratch.fresh();
    await mkdir(folder);
    await writeFile(new URL("taken", folder), "");
    const model = await tinySource(scratch.backbone).open();
    await expect(model.save(new URL("taken/", folder))).rejects.toThrow(/taken is a file, where a folder is needed/);
    model.dispose();
  });
});

it("names the tokenizer class for a SentencePiece model without other tokenizer files", async () => {
  const source = await withSentencePiece(scratch.backbone, scratch.fresh());
  const sentencePiece = await readFile(new URL("tokenizer.model", source));
  const folder = scratch.fresh();
  const model = await tinySource(source).open();
  await model.save(folder);
  expect(new Uint8Array(await readFile(new URL("tokenizer.model", folder)))).toEqual(new Uint8Array(sentencePiece));
  expect(JSON.parse(await textOf(folder, "tokenizer_config.json"))).toMatchObject({
    tokenizer_class: "LlamaTokenizer",
    bos_token: "<s>",
    eos_token: "</s>",
    unk_token: "<unk>",
    add_bos_token: true,
  });
  const copy = await tinySource(folder).open();
  expect(copy.fingerprint).toBe(model.fingerprint);
  model.dispose();
  copy.dispose();
});

describe("the keys by which LLaVA's own code finds the tower", () => {
  it("name its publisher, and say whether it was trained", async () => {
    const tower = new URL("clip-vit-tiny/", scratch.fresh());
    await cp(scratch.tower, tower, { recursive: true });
    const model = await tinySource(scratch.backbone, tower).open();
    const [before, after, again] = [scratch.fresh(), scratch.fresh(), scratch.fresh()];
    await model.save(before);
    expect(JSON.parse(await textOf(before, "config.json"))).toMatchObject({ mm_vision_tower: "openai/clip-vit-tiny" });
    expect(await textOf(before, "config.json")).not.toContain("unfreeze_mm_vision_tower");
    model.learn(["vision"]).end();
    await model.save(after);
    const copy = await tinySource(after).open();
    await copy.save(again);
    for (const folder of [after, again])
      expect(JSON.parse(await textOf(folder, "config.json"))).toMatchObject({ unfreeze_mm_vision_tower: true });
    model.dispose();
    copy.dispose();
  });
});

import { readFile, rm } from "node:fs/promises";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { openSafetensors } from "@mlan/safetensors";
import { beforeAll, describe, expect, it } from "vitest";
import { changeJson, rewriteTensors, scratchLlava, tinySource, valuesOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
beforeAll(() => useOnnxBackend());

const TUNED = { template: "v1", imageAspectRatio: "pad", maximumLength: 128 } as const;

describe("a model with a fresh projector", () => {
  it("starts from the seed, within PyTorch's bounds", async () => {
    const [first, again, other] = await Promise.all([1, 1, 2].map((seed) => projectorOf(seed)));
    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
    const bounds: Record<string, number> = { "0": 1 / Math.sqrt(8), "2": 1 / Math.sqrt(16) };
    for (const [name, values] of Object.entries(first!)) {
      const bound = bounds[name.split(".").at(-2)!]!;
      const largest = Math.max(...values.map(Math.abs));
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(bound / 2);
    }
  });

  it("has seen no conversation", async () => {
    const model = await tinySource(scratch.backbone, scratch.tower).open();
    expect(model.wording.name).toBe("llama2-base");
    expect(model.format.template).toBe("plain");
    model.dispose();
  });
});

it("a model has the fingerprint of earlier versions, whose runs continue, in whatever order its format was written", async () => {
  const model = await tinySource(scratch.backbone, scratch.tower).open();
  const { template, imageAspectRatio, maximumLength } = TUNED;
  for (const format of [TUNED, { maximumLength, imageAspectRatio, template }]) {
    model.setFormat(format);
    expect(model.fingerprint).toBe("46aa4d0d078d380ccbe79eca5a2ee02afaf06170b8bec736a1800a4ca16f5b35");
  }
  model.dispose();
});

describe("a saved checkpoint", () => {
  it("opens on its own with the same bits, format and wording", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 7 });
    model.setFormat(TUNED);
    await model.save(folder);
    const copy = await tinySource(folder).open({ seed: 8 });
    expect(await valuesOf(copy)).toEqual(await valuesOf(model));
    expect(copy.format).toEqual(TUNED);
    expect(copy.wording.name).toBe("tuned");
    expect(copy.fingerprint).toBe(model.fingerprint);
    model.dispose();
    copy.dispose();
  });

  it("has the names and keys of LLaVA", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone, scratch.tower).open();
    model.setFormat(TUNED);
    await model.save(folder);
    const reader = await openSafetensors(folder);
    expect([...reader.entries.keys()]).toEqual(
      expect.arrayContaining([
        "model.embed_tokens.weight",
        "lm_head.weight",
        "model.norm.weight",
        "model.layers.1.self_attn.q_proj.weight",
        "model.layers.1.mlp.gate_proj.weight",
        "model.layers.1.post_attention_layernorm.weight",
        "model.mm_projector.0.weight",
        "model.mm_projector.2.bias",
        "model.vision_tower.vision_tower.vision_model.embeddings.class_embedding",
        "model.vision_tower.vision_tower.vision_model.pre_layrnorm.weight",
        "model.vision_tower.vision_tower.vision_model.encoder.layers.2.self_attn.out_proj.bias",
        "model.vision_tower.vision_tower.vision_model.post_layernorm.bias",
      ]),
    );
    expect(reader.entries.get("model.mm_projector.0.weight")!.shape).toEqual([16, 8]);
    await reader.close();
    expect(JSON.parse(await readFile(new URL("config.json", folder), "utf8"))).toMatchObject({
      architectures: ["LlavaLlamaForCausalLM"],
      model_type: "llava_llama",
      hidden_size: 16,
      mm_vision_tower: "tower",
      mm_projector_type: "mlp2x_gelu",
      mm_hidden_size: 8,
      mm_vision_select_layer: -2,
      mm_vision_select_feature: "patch",
      mm_use_im_patch_token: false,
      image_aspect_ratio: "pad",
      tokenizer_model_max_length: 128,
      mlan_template: "v1",
      mlan_template_fingerprint: model.templateFingerprint,
      bos_token_id: 1,
    });
    model.dispose();
  });

  it("without its tower, like the released checkpoints, uses the tower's folder", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 7 });
    await model.save(folder);
    await rm(new URL("checksums.json", folder));
    await rewriteTensors(folder, (all) => all.filter(({ name }) => !name.includes("vision_tower")));
    await changeJson(new URL("config.json", folder), { vision_config: undefined, mlan_template: undefined });
    await expect(tinySource(folder, undefined, "v1").open()).rejects.toThrow(
      /Give its folder, or hub\(".*"\) of @mlan\/hub, as `visionTower`/,
    );
    const opened = await tinySource(folder, scratch.tower, "v1").open({ seed: 8 });
    expect(await valuesOf(opened)).toEqual(await valuesOf(model));
    expect(opened.wording.name).toBe("tuned");
    model.dispose();
    opened.dispose();
  });

  it("of a text model is a plain Llama", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone).open();
    expect(model.parameters().every(({ component }) => component === "language")).toBe(true);
    await model.save(folder);
    const copy = await tinySource(folder, scratch.tower).open();
    expect(copy.parameters().some(({ component }) => component === "vision")).toBe(true);
    model.dispose();
    copy.dispose();
  });

  it("is rounded to bfloat16 on request", async () => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone).open();
    await model.save(folder, { dtype: "bfloat16" });
    const reader = await openSafetensors(folder);
    const values = await valuesOf(model);
    for (const [name, entry] of reader.entries) {
      expect(entry.dtype).toBe("BF16");
      const rounded = await reader.read(name);
      // 8 significant bits.
      rounded.forEach((value, index) =>
        expect(Math.abs(value - values[name]![index]!)).toBeLessThanOrEqual(Math.abs(value) / 256),
      );
    }
    await reader.close();
    model.dispose();
  });

  it("ties the output layer to the embedding where config.json says so", async () => {
    const folder = await scratch.copy(scratch.backbone);
    await changeJson(new URL("config.json", folder), { tie_word_embeddings: true });
    await rewriteTensors(folder, (all) => all.filter(({ name }) => name !== "lm_head.weight"));
    const model = await tinySource(folder).open();
    expect(model.parameters().map(({ name }) => name)).not.toContain("lm_head.weight");
    model.dispose();
  });
});

async function projectorOf(seed: number): Promise<Record<string, readonly number[]>> {
  const model = await tinySource(scratch.backbone, scratch.tower).open({ seed });
  const values = await valuesOf(model, ({ component }) => component === "projector");
  model.dispose();
  return values;
}

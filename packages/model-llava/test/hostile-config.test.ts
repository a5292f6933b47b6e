import { readFile, rm, writeFile } from "node:fs/promises";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { MlanError } from "@mlan/core";
import { expectSurvival, jsonMutations } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { changeJson, plainImage, scratchLlava, tinySource } from "./tiny-llava.ts";

const scratch = await scratchLlava();
beforeAll(() => useOnnxBackend());

/** Returns the folder of a LLaVA checkpoint with its tower, whose files have every key that is read. */
async function savedLlava(): Promise<URL> {
  const model = await tinySource(scratch.backbone, scratch.tower).open();
  const folder = scratch.fresh();
  await model.save(folder);
  model.dispose();
  // Without checksums, because the test changes files.
  await rm(new URL("checksums.json", folder));
  return folder;
}

async function openAndAsk(folder: URL): Promise<void> {
  const model = await tinySource(folder).open();
  try {
    const prompt = { kind: "chat", user: "What is this?", answerStart: "" } as const;
    const images = [plainImage("red", "red")];
    for await (const { text } of model.generate([{ id: "1", prompt, images, maximumNewTokens: 2 }]))
      expect(text).toBeTypeOf("string");
  } finally {
    model.dispose();
  }
}

describe.each(["config.json", "preprocessor_config.json"])("hostile values at every place of %s", (name) => {
  it("are refused with a readable error, or are harmless", async () => {
    const folder = await savedLlava();
    const file = new URL(name, folder);
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    const tensors = tf.memory().numTensors;
    const outcome = await expectSurvival(jsonMutations(value), {
      attempt: async (changed) => {
        await writeFile(file, JSON.stringify(changed));
        await openAndAsk(folder);
      },
      isTyped: (error) => MlanError.is(error),
    });
    expect(outcome.refused).toBeGreaterThan(150);
    expect(outcome.accepted).toBeGreaterThan(20);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

it.each([
  ["a million layers", { num_hidden_layers: 1e6 }, /"model\.layers\.2\..*" is missing/],
  ["as many layers as an integer holds", { num_hidden_layers: 2 ** 31 - 1 }, /"model\.layers\.2\..*" is missing/],
  ["more layers", { num_hidden_layers: 1e12 }, /key "num_hidden_layers" is 1000000000000/],
  ["a vocabulary without end", { vocab_size: 1e12 }, /key "vocab_size" is 1000000000000/],
  ["a large vocabulary", { vocab_size: 1e9 }, /config\.json makes it \[1000000000, 16\]/],
  ["huge hidden states", { hidden_size: 1e9 }, /config\.json makes it \[\d+, 1000000000\]/],
  ["negative sizes", { intermediate_size: -24 }, /key "intermediate_size" is -24/],
  ["fractional sizes", { hidden_size: 16.5 }, /key "hidden_size" is 16\.5 \(expected a whole number\)/],
  ["sizes as text", { hidden_size: "16" }, /key "hidden_size" is "16" \(expected a number\)/],
  ["heads that do not divide", { num_attention_heads: 3 }, /key "num_attention_heads" is 3/],
  ["heads of odd width", { num_attention_heads: 16 }, /"num_attention_heads" is 16 .*even/],
  ["a theta below one", { rope_theta: 1e-300 }, /key "rope_theta" is 1e-300/],
  [
    "a template that does not exist",
    { mlan_template: "v2" },
    /"mlan_template" is "v2" \(expected one of v1, llama_2, plain\)/,
  ],
  [
    "weights quantized by other software",
    { quantization_config: { quant_method: "gptq", bits: 4 } },
    /key "quantization_config" says that the weights are quantized by "gptq", .* weightFormat "int8" or "int4"/,
  ],
  ["such a method of 10 MB", { quantization_config: { quant_method: "x".repeat(1e7) } }, /quantized by "xxx/],
  ["a type of 10 MB", { model_type: "x".repeat(1e7) }, /"model_type" is "xxx/],
])("%s ends in one sentence, before memory is taken", async (_, changes, message) => {
  const folder = await scratch.copy(scratch.backbone);
  await changeJson(new URL("config.json", folder), changes);
  const source = tinySource(folder);
  for (const attempt of [() => source.inspect(), () => source.open()]) {
    const error: unknown = await attempt().catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
    expect(String(error)).toMatch(message);
    expect(String(error).length).toBeLessThan(1000);
  }
});

it("images with sides of a million pixels, and patches of zero pixels, are refused", async () => {
  const tower = await scratch.copy(scratch.tower);
  await changeJson(new URL("config.json", tower), { image_size: 1e6 });
  await changeJson(new URL("preprocessor_config.json", tower), { size: 1e6, crop_size: 1e6 });
  await expect(tinySource(scratch.backbone, tower).inspect()).rejects.toThrow(/"crop_size" is 1000000/);
  await changeJson(new URL("config.json", tower), { patch_size: 0 });
  await expect(tinySource(scratch.backbone, tower).inspect()).rejects.toThrow(/"patch_size" is 0/);
});

it("endlessly nested values are refused on reading, not on saving", async () => {
  const folder = await scratch.copy(scratch.backbone);
  const file = new URL("config.json", folder);
  const text = (await readFile(file, "utf8")).trim();
  await writeFile(file, `${text.slice(0, -1)}, "deep": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
  await expect(tinySource(folder).open()).rejects.toThrow("is nested too deeply");
});

it("treats null as absent, as transformers writes it", async () => {
  const folder = await savedLlava();
  const { content: _, parameters } = await tinySource(folder).inspect();
  await changeJson(new URL("config.json", folder), {
    rope_scaling: null,
    rope_parameters: null,
    image_aspect_ratio: null,
    pad_token_id: null,
    torch_dtype: null,
    dtype: null,
    mm_hidden_size: null,
    mm_vision_select_feature: null,
    mm_patch_merge_type: null,
    mm_use_im_start_end: null,
    mlan_template: null,
    tokenizer_model_max_length: null,
    num_key_value_heads: 2,
    quantization_config: null,
    head_dim: null,
    hidden_act: null,
    attention_bias: null,
    tie_word_embeddings: null,
  });
  expect((await tinySource(folder, undefined, "v1").inspect()).parameters).toEqual(parameters);
  const tower = await scratch.copy(scratch.tower);
  await changeJson(new URL("config.json", tower), { hidden_act: null, layer_norm_eps: null, num_channels: null });
  await changeJson(new URL("preprocessor_config.json", tower), { resample: null, rescale_factor: null });
  expect((await tinySource(scratch.backbone, tower).inspect()).parameters).toEqual(parameters);
});

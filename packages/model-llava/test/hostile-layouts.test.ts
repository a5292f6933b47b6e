import { readFile, rm, writeFile } from "node:fs/promises";
import { MlanError } from "@mlan/core";
import { createLlavaSource, llama } from "@mlan/model-llava";
import { writeSafetensors } from "@mlan/safetensors";
import { expectSurvival, jsonMutations, WORDINGS } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { changeJson, compute, scratchLlava, tinySource } from "./tiny-llava.ts";

const scratch = await scratchLlava();
beforeAll(() => compute.open());

async function survival(file: URL, attempt: () => Promise<unknown>): Promise<{ accepted: number; refused: number }> {
  const value: unknown = JSON.parse(await readFile(file, "utf8"));
  const tensors = tf.memory().numTensors;
  const outcome = await expectSurvival(jsonMutations(value), {
    attempt: async (changed) => {
      await writeFile(file, JSON.stringify(changed));
      await attempt();
    },
    isTyped: (error) => MlanError.is(error),
  });
  expect(tf.memory().numTensors).toBe(tensors);
  return outcome;
}

it("hostile values at every place of a nested config.json are refused with a readable error, or are harmless", async () => {
  const folder = scratch.fresh();
  const model = await tinySource(scratch.backbone, scratch.tower).open();
  await model.save(folder, { layout: "hf" });
  model.dispose();
  await rm(new URL("checksums.json", folder));
  const file = new URL("config.json", folder);
  const scaling = { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
  const { text_config: text }: { text_config?: object } = JSON.parse(await readFile(file, "utf8"));
  await changeJson(file, { text_config: { ...text, rope_scaling: scaling, eos_token_id: [2, 3] } });
  const { accepted, refused } = await survival(file, () => tinySource(folder).inspect());
  expect(refused).toBeGreaterThan(300);
  expect(accepted).toBeGreaterThan(100);
});

it("hostile values at every place of an adapter_config.json are refused, or are harmless", async () => {
  const folder = await scratch.copy(scratch.tower);
  for (const name of ["config.json", "model.safetensors"]) await rm(new URL(name, folder));
  const tensor = (name: string, shape: readonly number[]) => ({
    name: `base_model.model.model.layers.0.self_attn.q_proj.${name}.weight`,
    shape,
    dtype: "F32" as const,
    data: () => new Float32Array(32).fill(0.1),
  });
  await writeSafetensors(new URL("adapter_model.safetensors", folder), [
    tensor("lora_A", [2, 16]),
    tensor("lora_B", [16, 2]),
  ]);
  const file = new URL("adapter_config.json", folder);
  const config = { peft_type: "LORA", r: 2, lora_alpha: 4, use_rslora: false, base_model_name_or_path: "acme/base" };
  const off = { fan_in_fan_out: false, use_dora: false, lora_bias: false, layer_replication: null };
  const patterns = { rank_pattern: { k_proj: 4 }, alpha_pattern: { "layers.0.self_attn.k_proj": 3 } };
  await writeFile(file, JSON.stringify({ ...config, ...off, ...patterns, target_modules: ["q_proj", "k_proj"] }));
  const options = { name: "tiny", architecture: llama, compute, untunedWording: WORDINGS["llama2-base"] };
  const source = createLlavaSource({ ...options, weights: scratch.backbone, adapter: folder });
  const { accepted, refused } = await survival(file, async () => (await source.open()).dispose());
  expect(refused).toBeGreaterThan(80);
  expect(accepted).toBeGreaterThan(20);
});

it("hostile values at every place of a generation_config.json are refused, or end no answer wrongly", async () => {
  const folder = await scratch.copy(scratch.backbone);
  const file = new URL("generation_config.json", folder);
  await writeFile(file, JSON.stringify({ eos_token_id: [2, 5], temperature: 0.9 }));
  const { accepted, refused } = await survival(file, () => tinySource(folder).inspect());
  expect(refused).toBeGreaterThan(15);
  expect(accepted).toBeGreaterThan(5);
});

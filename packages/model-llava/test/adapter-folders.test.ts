import { rename, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createLlavaSource, llama, type LlavaSource } from "@mlan/model-llava";
import { type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import { WORDINGS } from "@mlan/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { compute, scratchLlava, tinySource, valuesOf } from "./tiny-llava.ts";
import { refusal, zeros } from "./refused-source.ts";

const scratch = await scratchLlava();

beforeAll(() => compute.open());

describe("an adapter", () => {
  const Q = "base_model.model.model.layers.0.self_attn.q_proj";
  const CONFIG = { peft_type: "LORA", r: 2, lora_alpha: 4, base_model_name_or_path: "acme/base" };

  async function adapter(tensors: readonly TensorToWrite[], config: object = {}): Promise<URL> {
    const folder = await scratch.copy(scratch.backbone);
    for (const name of ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"])
      await rm(new URL(name, folder));
    await writeFile(new URL("adapter_config.json", folder), JSON.stringify({ ...CONFIG, ...config }));
    await writeSafetensors(new URL("adapter_model.safetensors", folder), tensors);
    return folder;
  }

  function adapted(folder: URL, weights = scratch.backbone, visionTower?: URL): LlavaSource {
    const options = { name: "tiny", architecture: llama, compute, untunedWording: WORDINGS["llama2-base"] };
    return createLlavaSource({ ...options, weights, adapter: folder, ...(visionTower && { visionTower }) });
  }

  const low = (a: readonly number[], b: readonly number[]): readonly TensorToWrite[] => [
    zeros(`${Q}.lora_A.weight`, ...a),
    zeros(`${Q}.lora_B.weight`, ...b),
  ];
  const pair = low([2, 16], [16, 2]);

  it("is merged, affects the content, and is distinguished from its base", async () => {
    const folder = await adapter(pair);
    const [model, base] = [await adapted(folder).open(), await tinySource(scratch.backbone).open()];
    expect(await valuesOf(model)).toEqual(await valuesOf(base));
    model.dispose();
    base.dispose();
    const digest = async (source: LlavaSource): Promise<string> => (await source.inspect()).content.digest();
    expect(await digest(adapted(folder))).not.toBe(await digest(tinySource(scratch.backbone)));
  });

  it.each(["language_model.model.", "model.language_model."])(
    "that was trained on transformers' LLaVA, with names after %s, changes the same matrices",
    async (prefix) => {
      const filled = (start: string): readonly TensorToWrite[] =>
        (["A", "B"] as const).map((side) => ({
          name: `base_model.model.${start}layers.0.self_attn.q_proj.lora_${side}.weight`,
          shape: side === "A" ? [2, 16] : [16, 2],
          dtype: "F32",
          data: () => Float32Array.from({ length: 32 }, (_, index) => Math.sin(index)),
        }));
      const [own, other] = [
        await adapted(await adapter(filled("model."))).open(),
        await adapted(await adapter(filled(prefix))).open(),
      ];
      expect(await valuesOf(other)).toEqual(await valuesOf(own));
      const base = await tinySource(scratch.backbone).open();
      expect(await valuesOf(other)).not.toEqual(await valuesOf(base));
      for (const model of [own, other, base]) model.dispose();
    },
  );

  it("given as the weights uses the base whose folder it names", async () => {
    const folder = await adapter(pair, { base_model_name_or_path: fileURLToPath(scratch.backbone) });
    const model = await tinySource(folder).open();
    expect(model.parameters().length).toBeGreaterThan(10);
    model.dispose();
  });

  it.each<readonly [string, readonly TensorToWrite[], object, RegExp]>([
    [
      "of another size",
      low([2, 8], [16, 2]),
      {},
      /updates "model\.layers\.0\.self_attn\.q_proj\.weight" by \[16, 2\] times \[2, 8\], but it is \[16, 16\]/,
    ],
    ["of another rank than it says", low([3, 16], [16, 3]), {}, /has rank 3, but adapter_config\.json says 2/],
    ["without a half", pair.slice(0, 1), {}, /q_proj\.lora_A\.weight" without ".*lora_B\.weight"/],
    ["without the other half", pair.slice(1), {}, /q_proj\.lora_B\.weight" without its lora_A/],
    [
      "of a layer that the base lacks",
      [zeros(`${Q.replace("0", "7")}.lora_A.weight`, 2, 16), zeros(`${Q.replace("0", "7")}.lora_B.weight`, 16, 2)],
      {},
      /was trained on "model\.layers\.7\.self_attn\.q_proj\.weight", which the model does not have/,
    ],
    [
      "of a projector, for text alone",
      [...pair, zeros("base_model.model.model.mm_projector.0.bias", 16)],
      {},
      /was trained on "model\.mm_projector\.0\.bias".*Give the vision tower's folder as `visionTower`/,
    ],
    [
      "with weight decomposition",
      pair,
      { use_dora: true },
      /"use_dora" is true \(merge it into its base in Python with merge_and_unload\)/,
    ],
    [
      "that was initialized with parts of its base",
      pair,
      { init_lora_weights: "pissa_niter_4" },
      /"init_lora_weights" is "pissa_niter_4" \(which also changes the base; merge it into its base in Python/,
    ],
    [
      "with an embedding's update",
      [...pair, zeros("base_model.model.model.embed_tokens.lora_embedding_A", 2, 4)],
      {},
      /lora_embedding_A", which is not a low-rank update of a linear map/,
    ],
    [
      "with a pattern that is no name",
      pair,
      { rank_pattern: { "(a+)+$": 3 } },
      /"rank_pattern" is an object \(only names of modules are supported; merge it/,
    ],
  ])("%s is refused", async (_, tensors, config, message) => {
    expect(await refusal(adapted(await adapter(tensors, config)))).toMatch(message);
  });

  it("without weights, or with values that are not finite, is refused by name", async () => {
    const folder = await adapter(pair);
    const weights = new URL("adapter_model.safetensors", folder);
    const infinite = { ...zeros(`${Q}.lora_A.weight`, 2, 16), data: () => new Float32Array(32).fill(Infinity) };
    await writeSafetensors(weights, [infinite, ...pair.slice(1)]);
    await expect(adapted(folder).open()).rejects.toThrow(`tensor "${Q}.lora_A.weight" holds Infinity at index 0`);
    const large = { ...zeros(`${Q}.lora_B.weight`, 16, 2), data: () => new Float32Array(32).fill(3e38) };
    const high = { ...zeros(`${Q}.lora_A.weight`, 2, 16), data: () => new Float32Array(32).fill(3e38) };
    await writeSafetensors(weights, [high, large]);
    await expect(adapted(folder).open()).rejects.toThrow(
      'update of "model.layers.0.self_attn.q_proj.weight" results in values that are not finite',
    );
    await rename(weights, new URL("other.safetensors", folder));
    expect(await refusal(adapted(folder))).toContain("holds no adapter_model.safetensors or adapter_model.bin");
  });

  it("for weights that hold another adapter is refused", async () => {
    const folder = await adapter(pair);
    expect(await refusal(adapted(folder, folder))).toMatch(/given as `weights`, holds adapter_config\.json/);
  });
});

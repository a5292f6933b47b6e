import { cp, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type GenerationRequest } from "@mlan/core";
import { type LlavaSource, modelSizes, openWeights } from "@mlan/model-llava";
import { writeSafetensors } from "@mlan/safetensors";
import { writeTinyLlava } from "@mlan/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { changeJson, compute, rewriteTensors, scratchLlava, tinySource, valuesOf, weightOf } from "./tiny-llava.ts";
import { refusal, zeros } from "./refused-source.ts";

const scratch = await scratchLlava();

beforeAll(() => compute.open());

async function notices(source: LlavaSource): Promise<readonly string[]> {
  const { notices: found = [] } = await source.inspect();
  return found;
}

/** Returns the folder of a LLaVA that mlan saved, without checksums, so that its files can be changed. */
async function savedLlava(): Promise<URL> {
  const folder = scratch.fresh();
  const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 3 });
  await model.save(folder);
  model.dispose();
  await rm(new URL("checksums.json", folder));
  return folder;
}

describe("a folder with several weight files", () => {
  it("uses a single file rather than stale shards and other files", async () => {
    const { backbone } = await writeTinyLlava(scratch.fresh(), { shards: 2, seed: 5 });
    await cp(new URL("model.safetensors", scratch.backbone), new URL("model.safetensors", backbone));
    await writeSafetensors(new URL("consolidated.safetensors", backbone), [zeros("tok_embeddings.weight", 1)]);
    await writeFile(new URL("training_args.bin", backbone), "");
    const [model, single] = [await tinySource(backbone).open(), await tinySource(scratch.backbone).open()];
    expect(await valuesOf(model)).toEqual(await valuesOf(single));
    model.dispose();
    single.dispose();
    expect(await notices(tinySource(backbone))).toEqual([
      `3 weight files in ${fileURLToPath(backbone)} are not read: consolidated.safetensors, model-00001-of-00002.safetensors, model-00002-of-00002.safetensors; the model is read from model.safetensors`,
    ]);
  });

  it("a projector beside a backbone that only reads text is reported", async () => {
    const folder = await scratch.copy(scratch.backbone);
    await writeSafetensors(new URL("mm_projector.safetensors", folder), [zeros("model.mm_projector.0.bias", 16)]);
    expect(await notices(tinySource(folder))).toEqual([
      expect.stringContaining("1 weight file in") && expect.stringContaining("is not read: mm_projector.safetensors"),
    ]);
  });

  it("a folder whose files are all read has nothing to report", async () => {
    expect(await notices(tinySource(scratch.backbone))).toEqual([]);
    expect(await notices(tinySource(await savedLlava()))).toEqual([]);
  });

  it("a new projector is reported", async () => {
    const found = await notices(tinySource(scratch.backbone, scratch.tower));
    expect(found).toEqual([expect.stringMatching(/has no projector, so a new one with random weights is created/)]);
  });

  it("one tensor under two names is refused", async () => {
    const folder = await scratch.copy(scratch.backbone);
    await rewriteTensors(folder, (all) => [...all, zeros("language_model.lm_head.weight", 1)]);
    expect(await refusal(tinySource(folder))).toMatch(
      /model\.safetensors holds "lm_head\.weight" and "language_model\.lm_head\.weight", which are names of the same tensor/,
    );
  });
});

describe("the vision tower", () => {
  it("inside the checkpoint takes precedence over its folder, which is reported", async () => {
    const saved = await savedLlava();
    const { tower } = await writeTinyLlava(scratch.fresh(), { seed: 9 });
    const [model, alone] = [await tinySource(saved, tower).open(), await tinySource(saved).open()];
    expect(await valuesOf(model)).toEqual(await valuesOf(alone));
    model.dispose();
    alone.dispose();
    expect(await notices(tinySource(saved, tower))).toEqual([
      expect.stringMatching(/the vision tower is the one inside .*; the weights in .* are not read/),
    ]);
  });

  it("that was trained, and is not in the weights, is refused", async () => {
    const saved = await savedLlava();
    await changeJson(new URL("config.json", saved), { unfreeze_mm_vision_tower: true, vision_config: undefined });
    await tinySource(saved, scratch.tower).inspect();
    await rewriteTensors(saved, (all) => all.filter(({ name }) => !name.includes("vision_tower")));
    expect(await refusal(tinySource(saved, scratch.tower))).toMatch(
      /unfreeze_mm_vision_tower\), but the weights lack it/,
    );
  });

  it("inside the checkpoint but without sizes is requested as a folder, without saying that it is missing", async () => {
    const saved = await savedLlava();
    await changeJson(new URL("config.json", saved), { vision_config: undefined });
    expect(await refusal(tinySource(saved))).toMatch(
      /holds the tensors of the vision tower "tower" but not its sizes.*Give its folder, or hub\("tower"\) of @mlan\/hub, as `visionTower`/,
    );
  });
});

describe("an output layer beside an embedding to which config.json ties it", () => {
  it("is used and reported when it differs", async () => {
    const folder = await scratch.copy(scratch.backbone);
    await changeJson(new URL("config.json", folder), { tie_word_embeddings: true });
    expect(await notices(tinySource(folder))).toEqual([
      expect.stringMatching(
        /ties the output layer to the embedding, but the weights hold a separate output layer, which is used/,
      ),
    ]);
    const model = await tinySource(folder).open();
    const { values } = await weightOf(model, "lm_head.weight");
    expect(values).not.toEqual((await weightOf(model, "embed_tokens.weight")).values);
    const saved = scratch.fresh();
    await model.save(saved);
    const again = await tinySource(saved).open();
    expect((await weightOf(again, "lm_head.weight")).values).toEqual(values);
    expect(await notices(tinySource(saved))).toEqual([]);
    model.dispose();
    again.dispose();
  });

  it("is tied when it is the same", async () => {
    const folder = await scratch.copy(scratch.backbone);
    await changeJson(new URL("config.json", folder), { tie_word_embeddings: true });
    await rewriteTensors(folder, (all) => {
      const embedding = all.find(({ name }) => name.includes("embed_tokens"));
      return all.map((one) => (embedding && one.name === "lm_head.weight" ? { ...embedding, name: one.name } : one));
    });
    expect(await notices(tinySource(folder))).toEqual([]);
    const model = await tinySource(folder).open();
    expect(model.parameters().map(({ name }) => name)).not.toContain("lm_head.weight");
    model.dispose();
  });
});

describe("tokens that end an answer", () => {
  const request: GenerationRequest = {
    id: "1",
    prompt: { kind: "raw", text: "Hello", beginOfSequence: true },
    images: [],
    maximumNewTokens: 24,
  };
  const tokensOf = async (folder: URL): Promise<readonly number[]> => {
    const model = await tinySource(folder).open();
    const tokens: number[] = [];
    for await (const answer of model.generate([request], { details: true })) tokens.push(...(answer.tokens ?? []));
    model.dispose();
    return tokens;
  };

  it.each(["config.json", "generation_config.json"])("are all that %s lists", async (name) => {
    const folder = await scratch.copy(scratch.backbone);
    const free = await tokensOf(folder);
    const place = free.findIndex((token, index) => index > 2 && !free.slice(0, index).includes(token));
    const end = free[place] ?? 0;
    const file = new URL(name, folder);
    if (name !== "config.json") await writeFile(file, "{}");
    await changeJson(file, { eos_token_id: [end, 2, 999_999] });
    expect(await tokensOf(folder)).toEqual(free.slice(0, place + 1));
    const [before, after] = [scratch.backbone, folder].map((weights) => tinySource(weights).open());
    const [one, other] = [await before!, await after!];
    expect(other.fingerprint).not.toBe(one.fingerprint);
    one.dispose();
    other.dispose();
  });

  it("in generation_config.json go before those in config.json, and must be ids", async () => {
    const folder = await scratch.copy(scratch.backbone);
    const free = await tokensOf(folder);
    await changeJson(new URL("config.json", folder), { eos_token_id: [free[1]] });
    await writeFile(new URL("generation_config.json", folder), JSON.stringify({ eos_token_id: 2 }));
    expect(await tokensOf(folder)).toEqual(free);
    await writeFile(new URL("generation_config.json", folder), JSON.stringify({ eos_token_id: "</s>" }));
    expect(await refusal(tinySource(folder))).toContain('generation_config.json: key "eos_token_id" is "</s>"');
  });
});

it("reads the tensor names of a model saved without its output layer", async () => {
  const folder = await scratch.copy(scratch.backbone);
  await changeJson(new URL("config.json", folder), { tie_word_embeddings: true });
  await rewriteTensors(folder, (all) =>
    all
      .filter(({ name }) => name !== "lm_head.weight")
      .map((one) => ({ ...one, name: one.name.replace(/^model\./, "") })),
  );
  const reader = await openWeights(folder);
  expect(reader.entries.has("embed_tokens.weight")).toBe(true);
  await reader.close();
  const [model, named] = [await tinySource(folder).open(), await tinySource(scratch.backbone).open()];
  expect((await weightOf(model, "layers.1.mlp.up_proj.weight")).values).toEqual(
    (await weightOf(named, "layers.1.mlp.up_proj.weight")).values,
  );
  model.dispose();
  named.dispose();
});

it("scaled positions, biases and several end tokens survive saving in every layout", async () => {
  const folder = await scratch.copy(scratch.backbone);
  const scaling = { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4, rope_theta: 500 };
  await changeJson(new URL("config.json", folder), {
    rope_scaling: { ...scaling, original_max_position_embeddings: 64 },
    attention_bias: true,
    mlp_bias: true,
    eos_token_id: [2, 5],
  });
  await rewriteTensors(folder, (all) => [
    ...all,
    ...all
      .filter(({ name }) => name.endsWith("_proj.weight"))
      .map(({ name, shape }) => {
        const values = new Float32Array(shape[0] ?? 0).map((_, index) => index / 100);
        return {
          name: name.replace(/weight$/, "bias"),
          shape: [values.length],
          dtype: "F32" as const,
          data: () => values,
        };
      }),
  ]);
  const model = await tinySource(folder, scratch.tower).open({ seed: 1 });
  for (const layout of ["llava", "hf"] as const) {
    const saved = scratch.fresh();
    await model.save(saved, { layout });
    const again = await tinySource(saved).open();
    expect(again.fingerprint === model.fingerprint || layout === "hf").toBe(true);
    const parts = (one: typeof model): readonly string[] => one.parameters().map(({ name }) => name);
    expect(parts(again)).toEqual(parts(model));
    expect((await weightOf(again, "layers.1.mlp.down_proj.bias")).values[3]).toBeCloseTo(0.03);
    const sizes = async (at: URL): Promise<unknown> => (await modelSizes(new URL("config.json", at))).language;
    const { vocabularySize: _, ...kept } = Object(await sizes(folder));
    expect(await sizes(saved)).toMatchObject(kept);
    again.dispose();
  }
  model.dispose();
});

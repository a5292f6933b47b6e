import { cp, mkdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MlanError } from "@mlan/core";
import { createLlavaSource, llama, type LlavaSource } from "@mlan/model-llava";
import { writeSafetensors } from "@mlan/safetensors";
import { writeTinyLlava, WORDINGS } from "@mlan/testing";
import { beforeAll, expect, it } from "vitest";
import { changeJson, compute, rewriteTensors, scratchLlava, tinySource } from "./tiny-llava.ts";

const scratch = await scratchLlava();
beforeAll(() => compute.open());

const POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 499723\n";
const FIRST = "model-00001-of-00002.safetensors";
const INDEX = "model.safetensors.index.json";

/** Returns the error message for a model that cannot be opened. */
async function refusal(source: LlavaSource): Promise<string> {
  const error: unknown = await source.open().catch((thrown: unknown) => thrown);
  if (!MlanError.is(error, "invalid-checkpoint")) throw new Error(`expected an invalid-checkpoint error, got ${error}`);
  expect(error.message.split("\n")).toHaveLength(1);
  return error.message;
}

async function sharded(): Promise<URL> {
  const { backbone } = await writeTinyLlava(scratch.fresh(), { shards: 2 });
  return backbone;
}

it.each<readonly [string, RegExp, (folder: URL) => Promise<unknown>]>([
  [
    "a truncated shard",
    /model-00001-of-00002\.safetensors .*(truncated|ends|shorter|bytes)/,
    (folder) => truncate(new URL(FIRST, folder), 3000),
  ],
  [
    "a shard that is a pointer",
    /model-00001-of-00002\.safetensors is a Git LFS pointer.*git lfs pull/,
    (folder) => writeFile(new URL(FIRST, folder), POINTER),
  ],
  [
    "an index that is a pointer",
    /index\.json is a Git LFS pointer/,
    (folder) => writeFile(new URL(INDEX, folder), POINTER),
  ],
  [
    "a missing shard",
    /1 of the 2 files that .*index\.json names are missing: model-00001-of-00002\.safetensors.*Download the missing files/,
    (folder) => rm(new URL(FIRST, folder)),
  ],
  [
    "a tensor in two files",
    /tensor "lm_head\.weight" is in .*extra\.safetensors and in .*\. Keep one of the files/,
    async (folder) => {
      await rm(new URL(INDEX, folder));
      await writeSafetensors(new URL("extra.safetensors", folder), [
        { name: "lm_head.weight", shape: [1], dtype: "F32", data: () => Float32Array.of(1) },
      ]);
    },
  ],
  [
    "shards of a different model",
    /puts tensor "model\.norm\.weight" into .*, which does not contain it/,
    async (folder) => {
      const index = new URL(INDEX, folder);
      const { weight_map: places }: { weight_map?: Record<string, string> } = JSON.parse(await readFile(index, "utf8"));
      const other = Object.values(places ?? {}).find((name) => name !== places?.["model.norm.weight"]);
      await changeJson(index, { weight_map: { ...places, "model.norm.weight": other } });
    },
  ],
])("%s: one sentence that names the file and the remedy", async (_, message, damage) => {
  const folder = await sharded();
  await damage(folder);
  const said = await refusal(tinySource(folder));
  expect(said).toMatch(message);
  expect(said).not.toMatch(/^model-llava: [a-z-]+: /);
});

it.each([NaN, Infinity, -Infinity])(
  "a value of %s is refused on loading, with the tensor's name in the file",
  async (value) => {
    const folder = scratch.fresh();
    const model = await tinySource(scratch.backbone, scratch.tower).open();
    await model.save(folder, { layout: "hf" });
    model.dispose();
    await rm(new URL("checksums.json", folder));
    await rewriteTensors(folder, (all) =>
      all.map((one) =>
        one.name === "multi_modal_projector.linear_1.bias"
          ? { ...one, data: () => new Float32Array(16).fill(value) }
          : one,
      ),
    );
    expect(await refusal(tinySource(folder))).toMatch(
      new RegExp(`model\\.safetensors: tensor "multi_modal_projector\\.linear_1\\.bias" holds ${value} at index 0`),
    );
  },
);

it("the folder of a first stage without the backbone that it needs", async () => {
  const folder = scratch.fresh();
  await cp(scratch.backbone, folder, { recursive: true });
  await rename(new URL("model.safetensors", folder), new URL("mm_projector.bin", folder));
  expect(await refusal(tinySource(folder))).toMatch(
    /holds the projector of LLaVA's first stage \(mm_projector\.bin\) without its backbone\. Copy it into the backbone's folder/,
  );
});

it.each(["adapter_model.safetensors", "adapter_model.bin"])("an adapter whose %s is a pointer", async (name) => {
  const folder = scratch.fresh();
  await mkdir(folder);
  const lora = { peft_type: "LORA", r: 2, lora_alpha: 4 };
  await writeFile(new URL("adapter_config.json", folder), JSON.stringify(lora));
  await writeFile(new URL(name, folder), POINTER);
  const options = { name: "tiny", architecture: llama, compute, untunedWording: WORDINGS["llama2-base"] };
  const source = createLlavaSource({ ...options, weights: scratch.backbone, adapter: folder });
  expect(await refusal(source)).toContain(`${fileURLToPath(new URL(name, folder))} is a Git LFS pointer`);
});

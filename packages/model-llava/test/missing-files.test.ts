import { WORDINGS } from "@mlan/testing";
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { MlanError } from "@mlan/core";
import { createLlavaSource, llama } from "@mlan/model-llava";
import { expect, it } from "vitest";
import { changeJson, compute, rewriteTensors, scratchLlava, tinySource } from "./tiny-llava.ts";

const scratch = await scratchLlava();
const LORA = { peft_type: "LORA", r: 2, lora_alpha: 4 };
const POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 499723\n";

async function refusal(weights: URL, tower?: URL): Promise<string> {
  const error: unknown = await tinySource(weights, tower)
    .inspect()
    .catch((thrown: unknown) => thrown);
  if (!MlanError.is(error, "invalid-checkpoint")) throw new Error(`expected an invalid-checkpoint error, got ${error}`);
  expect(error.message.split("\n")).toHaveLength(1);
  return error.message;
}

type Damage = (folder: URL) => Promise<unknown>;
const cases: readonly (readonly [string, RegExp, Damage])[] = [
  [
    "no config.json",
    /config\.json does not exist; its folder holds model\.safetensors, tokenizer\.json, tokenizer_config\.json\.$/,
    (folder) => rm(new URL("config.json", folder)),
  ],
  ["no folder", /config\.json cannot be read: .* does not exist\.$/, (folder) => rm(folder, { recursive: true })],
  [
    "a cache of the Hub",
    /It is a Hub cache/,
    async (folder) => {
      await rm(new URL("config.json", folder));
      await mkdir(new URL("snapshots/", folder));
    },
  ],
  [
    "a folder with the name of the file",
    /config\.json is a folder, not a file/,
    async (folder) => {
      await rm(new URL("config.json", folder));
      await mkdir(new URL("config.json/", folder));
    },
  ],
  [
    "a pointer for config.json",
    /config\.json is a Git LFS pointer.*git lfs pull/,
    (folder) => write("config.json", folder),
  ],
  ["a pointer for weights", /model\.safetensors is a Git LFS pointer/, (folder) => write("model.safetensors", folder)],
  ["a pointer for tokenizer.json", /tokenizer\.json is a Git LFS pointer/, (folder) => write("tokenizer.json", folder)],
  [
    "a pointer for tokenizer.model",
    /tokenizer\.model is a Git LFS pointer/,
    async (folder) => {
      await rm(new URL("tokenizer.json", folder));
      await write("tokenizer.model", folder);
    },
  ],
  [
    "safetensors under the name of PyTorch's own files",
    /pytorch_model\.bin is a safetensors file\. Rename it to model\.safetensors/,
    (folder) => rename(new URL("model.safetensors", folder), new URL("pytorch_model.bin", folder)),
  ],
  [
    "an adapter beside weights, which transformers applies to the base that it names",
    /holds an adapter for "\.\/base" \(adapter_config\.json\)\. Give the folder of that base as `weights`, and this one as `adapter`/,
    (folder) =>
      writeFile(new URL("adapter_config.json", folder), JSON.stringify({ ...LORA, base_model_name_or_path: "./base" })),
  ],
  [
    "no weights",
    /has no weights, neither model\.safetensors nor pytorch_model\.bin nor their shards: it holds config\.json, tokenizer\.json, tokenizer_config\.json\. Download the weights into it\.$/,
    (folder) => rm(new URL("model.safetensors", folder)),
  ],
  [
    "weights as GGUF",
    /has no weights, .* it holds config\.json, model\.gguf, .*\. GGUF files are not supported: use the model as safetensors\.$/,
    (folder) => rename(new URL("model.safetensors", folder), new URL("model.gguf", folder)),
  ],
  [
    "an adapter of a kind that is not merged",
    /"peft_type" is "IA3" \(only LORA is supported; merge it into its base in Python with merge_and_unload\)/,
    (folder) => writeFile(new URL("adapter_config.json", folder), JSON.stringify({ ...LORA, peft_type: "IA3" })),
  ],
  [
    "no tokenizer",
    /has neither tokenizer\.json nor tokenizer\.model; it holds config\.json, model\.safetensors/,
    (folder) => rm(new URL("tokenizer.json", folder)),
  ],
];

it.each(cases)("%s: one sentence names the cause", async (_, message, damage) => {
  const folder = await scratch.copy(scratch.backbone);
  await damage(folder);
  expect(await refusal(folder)).toMatch(message);
});

it("a folder that does not exist: how to have it downloaded", async () => {
  const folder = scratch.fresh();
  const repository = { id: "owner/name", revision: "0123abc" };
  const source = createLlavaSource({
    name: "tiny",
    architecture: llama,
    repository,
    compute,
    weights: folder,
    untunedWording: WORDINGS["llama2-base"],
  });
  const says = `${fileURLToPath(folder)}config.json cannot be read: ${fileURLToPath(folder)} does not exist. Give a folder that exists, or hub("owner/name", { revision: "0123abc" }) of @mlan/hub, which downloads it.`;
  await expect(source.open()).rejects.toThrow(says);
  await expect(source.inspect()).rejects.toThrow(says);
});

it("a tower's folder that does not exist: how to have CLIP downloaded", async () => {
  expect(await refusal(scratch.backbone, scratch.fresh())).toMatch(
    /does not exist\. .* or hub\("openai\/clip-vit-large-patch14-336", \{ revision: "[0-9a-f]{40}" \}\)/,
  );
});

it("another architecture: the installed packages that read it, or how to find one", async () => {
  const folder = await scratch.copy(scratch.backbone);
  const file = new URL("config.json", folder);
  const read = 'Llama has "llama", or "llava_llama" with LLaVA';
  await changeJson(file, { model_type: "mistral" });
  expect(await refusal(folder)).toContain(
    `"model_type" is "mistral". ${read}. No installed package reads "mistral"; look for one with "npm search mlan mistral".`,
  );
  await changeJson(file, { model_type: "llava", text_config: { model_type: "mistral" } });
  expect(await refusal(folder)).toContain('"text_config.model_type" is "mistral". ');
  await changeJson(file, { model_type: "llava", text_config: { model_type: 7 } });
  expect(await refusal(folder)).toContain('"text_config.model_type" is "7". ');
  await changeJson(file, { model_type: "llava", text_config: [] });
  expect(await refusal(folder)).toContain('key "text_config" must be an object');
  await changeJson(file, {
    model_type: "llava",
    text_config: {},
    vision_config: { model_type: "siglip_vision_model" },
  });
  expect(await refusal(folder)).toContain('"vision_config.model_type" is "siglip_vision_model" (only CLIP towers');
});

it("a file in the folder's place", async () => {
  const folder = await scratch.copy(scratch.backbone);
  expect(await refusal(new URL("model.safetensors", folder))).toMatch(
    /model\.safetensors.* is a file; give the folder that it is in/,
  );
});

it("the tensors of an adapter are recognized as such", async () => {
  const folder = await scratch.copy(scratch.backbone);
  await rewriteTensors(folder, (all) => [
    ...all,
    { name: "base_model.model.model.x.lora_A.weight", shape: [1], dtype: "F32", data: () => Float32Array.of(1) },
  ]);
  expect(await refusal(folder)).toMatch(/lora_A/);
});

// The superuser may read everything.
it.skipIf(process.platform === "win32" || process.getuid?.() === 0)("a file without permission", async () => {
  const folder = await scratch.copy(scratch.backbone);
  await chmod(new URL("tokenizer_config.json", folder), 0);
  expect(await refusal(folder)).toMatch(/tokenizer_config\.json cannot be read: permission denied/);
  await chmod(fileURLToPath(folder), 0);
  expect(await refusal(folder)).toMatch(/permission denied/);
  await chmod(fileURLToPath(folder), 0o700);
});

it("a value of 10 MB is shortened in its message", async () => {
  const folder = await scratch.copy(scratch.backbone);
  await changeJson(new URL("config.json", folder), { hidden_size: "9".repeat(1e7) });
  expect((await refusal(folder)).length).toBeLessThan(1000);
});

function write(name: string, folder: URL): Promise<void> {
  return writeFile(new URL(name, folder), POINTER);
}

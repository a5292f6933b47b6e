import { cp, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, MlanError, MODEL, textWording, trainableModel } from "@mlan/core";
import { createLlavaSource, llama, modelSizes } from "@mlan/model-llava";
import { qwen2 } from "@mlan/model-qwen2";
import { describeModelContract, describeTrainableModelContract, temporaryFolder, writeTinyLlava } from "@mlan/testing";
import "@tensorflow/tfjs-layers"; // gradients, which a trainer brings otherwise
import { expect, it } from "vitest";
import { qwen2Architecture } from "#internal/architecture.ts";
import { FIXTURES } from "./fixture-network.ts";

const folder = temporaryFolder();
const { backbone: llamaFolder, tower } = await writeTinyLlava(folder);
const weights = new URL("tied/", FIXTURES);
const scope = createScope([qwen2({ weights, visionTower: tower }), onnx()]);
const source = scope.get(MODEL);
const compute = scope.get(COMPUTE);

describeModelContract(source, { useBackend: compute.open });
describeTrainableModelContract(source, { useBackend: compute.open, template: "chatml" });

it("is asked like a base model until it is tuned, and knows only its own template", async () => {
  const model = trainableModel(await source.open());
  const wordings: string[] = [model.wording.name];
  model.setFormat({ template: "chatml", imageAspectRatio: "pad", maximumLength: 128 });
  wordings.push(model.wording.name);
  expect(() => model.setFormat({ ...model.format, template: "v1" })).toThrow(
    /no template "v1"\. Known templates: chatml, plain/,
  );
  model.dispose();
  expect(wordings).toEqual(["qwen2-base", "chatml"]);
});

it("names package, places and settings for a run's manifest", () => {
  const { name, settings, places } = qwen2({ weights, visionTower: tower });
  expect({ name, settings }).toEqual({ name: "@mlan/model-qwen2", settings: { hasTower: true } });
  expect(places).toEqual({ weights: fileURLToPath(weights), visionTower: fileURLToPath(tower) });
});

it("without weights, uses the repository on the Hub that it pins", () => {
  const revision = "d149729398750b98c0af14eb82c78cfe92750796";
  expect(qwen2().places).toEqual({ weights: `Qwen/Qwen2.5-7B on the Hub, revision ${revision}` });
});

it("says how to download weights that are missing", async () => {
  await expect(errorOf(new URL("nowhere/", folder))).resolves.toMatch(
    /nowhere.*hub\("Qwen\/Qwen2\.5-7B", \{ revision: "/,
  );
});

it("refuses a Llama, and Llama refuses it: the package that reads it is named", async () => {
  await expect(errorOf(llamaFolder)).resolves.toMatch(
    /"model_type" is "llama".*"qwen2".*"llava_qwen".*read by @mlan\/model-llama2 and @mlan\/model-vicuna/,
  );
  const other = createLlavaSource({
    name: "llama",
    architecture: llama,
    compute,
    weights,
    untunedWording: textWording("plain", "", ""),
  });
  const error: unknown = await other.open().catch((thrown: unknown) => thrown);
  expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
  expect(String(error)).toMatch(/"model_type" is "qwen2".*read by @mlan\/model-qwen2/);
});

it.each([
  ["use_sliding_window", true, /"use_sliding_window" is true \(sliding-window attention is not supported\)/],
  ["layer_types", ["full_attention", "sliding_attention"], /"layer_types\.1" is "sliding_attention" \(sliding-window/],
  ["use_mrope", true, /"use_mrope" is true \(multimodal rotary positions/],
  [
    "rope_scaling",
    { type: "yarn", factor: 4 },
    /"rope_scaling\.type" is "yarn" \(only default, linear, dynamic and llama3/,
  ],
  ["rope_parameters", { rope_type: "yarn", rope_theta: 1e6 }, /"rope_parameters\.rope_type" is "yarn"/],
  ["hidden_act", "gelu", /"hidden_act" is "gelu" \(only silu/],
])("refuses config.json with %s %o, by name", async (key, value, message) => {
  const changed = new URL("changed/", folder);
  await cp(weights, changed, { recursive: true });
  const file = new URL("config.json", changed);
  const config = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...config, [key]: value }));
  await expect(errorOf(changed)).resolves.toMatch(message);
});

async function errorOf(place: URL): Promise<string> {
  const opening = createScope([qwen2({ weights: place }), onnx()])
    .get(MODEL)
    .open();
  const error: unknown = await opening.then(
    (model) => model.dispose(),
    (thrown: unknown) => thrown,
  );
  expect(MlanError.is(error, "invalid-checkpoint"), String(error)).toBe(true);
  return String(error);
}

it("reads transformers' LLaVA on Qwen2, in which missing keys have the defaults of Qwen2Config", async () => {
  const file = new URL("nested.json", folder);
  const text = {
    model_type: "qwen2",
    hidden_size: 64,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    rms_norm_eps: 1e-5,
  };
  await writeFile(file, JSON.stringify({ model_type: "llava", text_config: text, vision_config: { image_size: 448 } }));
  const { language, vision } = await modelSizes(file, qwen2Architecture);
  expect(language).toMatchObject({
    hiddenSize: 64,
    keyValueHeads: 2,
    intermediateSize: 22_016,
    vocabularySize: 151_936,
  });
  expect(vision).toMatchObject({ imageSize: 448, patchSize: 32, layers: 12 });
  await expect(modelSizes(file)).rejects.toThrow(/"text_config\.model_type" is "qwen2".*read by @mlan\/model-qwen2/);
});

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, MODEL } from "@mlan/core";
import { describeModelContract, describeTrainableModelContract, writeTinyLlava } from "@mlan/testing";
import "@tensorflow/tfjs-layers"; // gradients, which a trainer registers otherwise
import { afterAll, expect, test } from "vitest";
import { newName } from "../src/index.ts";

const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-new-name-"))}/`);
afterAll(() => rm(folder, { recursive: true }));
const { backbone, tower } = await writeTinyLlava(folder);
const configFile = new URL("config.json", backbone);
const tinyConfig: object = JSON.parse(await readFile(configFile, "utf8"));
await writeFile(
  configFile,
  JSON.stringify({ ...tinyConfig, model_type: "new-name", architectures: ["NewNameForCausalLM"] }),
);

const scope = createScope([newName({ weights: backbone, visionTower: tower }), onnx()]);
const source = scope.get(MODEL);
const { open: useBackend } = scope.get(COMPUTE);

describeModelContract(source, { useBackend });
describeTrainableModelContract(source, { useBackend });

test.each([
  ["model_type", "llama", /"model_type" is "llama".*"new-name"/],
  ["sliding_window", 4096, /"sliding_window" is 4096 \(sliding-window attention is not supported\)/],
])("refuses weights whose %s is %o", async (key, value, message) => {
  const config = JSON.parse(await readFile(configFile, "utf8"));
  await writeFile(configFile, JSON.stringify({ ...config, [key]: value }));
  await expect(source.open()).rejects.toThrow(message);
  await writeFile(configFile, JSON.stringify(config));
});

test("refuses options that do not exist", () => {
  expect(() => newName(JSON.parse('{ "weights": "/models/new-name/", "tower": "/models/clip/" }'))).toThrow(
    /model-new-name: .*"tower"/,
  );
});

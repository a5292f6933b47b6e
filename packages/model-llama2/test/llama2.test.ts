import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, MlanError, MODEL, type Wording } from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import {
  describeModelContract,
  describeTrainableModelContract,
  hubServer,
  WORDINGS,
  writeTinyLlava,
} from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // gradients, which a trainer brings otherwise
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";

const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-llama2-"))}/`);
const { backbone, tower } = await writeTinyLlava(folder);
afterAll(() => rm(folder, { recursive: true }));
const scope = createScope([llama2({ weights: backbone, visionTower: tower }), onnx()]);
const source = scope.get(MODEL);
const { open: useBackend } = scope.get(COMPUTE);

describeModelContract(source, { useBackend });
describeTrainableModelContract(source, { useBackend });

test("is asked as an untuned base until it is tuned", async () => {
  const model = await source.open();
  const wordings: Wording[] = [model.wording];
  model.setFormat({ template: "v1", imageAspectRatio: "pad", maximumLength: 128 });
  wordings.push(model.wording);
  model.dispose();
  expect(wordings.map(({ name }) => name)).toEqual(["llama2-base", "tuned"]);
  // The golden prompts of the benchmarks are made with those of the testing kit.
  const asked = { user: "Why?", answerStart: "Because", images: 2 };
  expect(wordings.map(({ ask }) => ask(asked))).toEqual([
    WORDINGS["llama2-base"].ask(asked),
    WORDINGS.tuned.ask(asked),
  ]);
});

test("tells a run's manifest what was asked for", () => {
  for (const weights of [backbone, fileURLToPath(backbone), backbone.href.replace(/\/$/, "")]) {
    const { name, settings, places } = llama2({ weights });
    expect(places).toEqual({ weights: fileURLToPath(backbone) });
    expect({ name, settings }).toEqual({ name: "@mlan/model-llama2", settings: { hasTower: false } });
  }
});

test("reads nothing when it is made, and names the missing file when it is opened", async () => {
  const missing = createScope([llama2({ weights: new URL("nowhere/", backbone) }), onnx()]).get(MODEL);
  const error: unknown = await missing.open().catch((thrown: unknown) => thrown);
  expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
  expect(String(error)).toContain("nowhere/config.json");
});

test("lives on the scope's compute, whatever backend was current before", async () => {
  await import("@tensorflow/tfjs-backend-cpu");
  await tf.setBackend("cpu");
  const model = await source.open();
  expect(tf.getBackend()).toBe("onnx");
  model.dispose();
});

test("asks for a compute where there is none, and loads none when it is made", () => {
  const making = (): unknown => createScope([llama2({ weights: backbone })]).get(MODEL);
  expect(making).toThrow(expect.toSatisfy((error) => MlanError.is(error, "missing-plugin")));
  expect(making).toThrow(/Nothing provides @mlan\/core\/compute@1, which @mlan\/model-llama2 needs\. .*onnx\(\)/);
});

test("refuses options that do not exist, or folders that are elsewhere", () => {
  const misspelt: object = { weights: backbone, tower };
  expect(() => llama2(misspelt as Parameters<typeof llama2>[0])).toThrow(/model-llama2: .*"tower"/);
  const address: object = { weights: "https://example.org/llama2/" };
  expect(() => llama2(address as Parameters<typeof llama2>[0])).toThrow(
    /model-llama2: option "weights": .*not on this machine/,
  );
  const number: object = { weights: 7 };
  expect(() => llama2(number as Parameters<typeof llama2>[0])).toThrow(
    /model-llama2: option "weights": expected a path/,
  );
});

test("without weights, takes the repository on the Hub that it pins", async () => {
  const { places } = llama2();
  expect(places).toEqual({
    weights: "meta-llama/Llama-2-7b-hf on the Hub, revision 01c7f73d771dfac7d292323805ebc428287df4f9",
  });
  const names = await readdir(backbone);
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, backbone))] as const)),
  );
  const commit = "01c7f73d771dfac7d292323805ebc428287df4f9";
  const server = await hubServer({
    type: "model",
    name: "meta-llama/Llama-2-7b-hf",
    commit,
    files,
    large: ["model.safetensors"],
  });
  vi.stubEnv("HF_ENDPOINT", server.endpoint);
  vi.stubEnv("HF_HUB_OFFLINE", undefined);
  vi.stubEnv("HF_HUB_CACHE", fileURLToPath(new URL("hub/", folder)));
  onTestFinished(() => void vi.unstubAllEnvs());
  const pinned = createScope([llama2(), onnx()]).get(MODEL);
  const local = createScope([llama2({ weights: backbone }), onnx()]).get(MODEL);
  const digests = [pinned, local].map(async (source) => (await source.inspect?.())?.content.digest());
  const [digest, expected] = await Promise.all(digests);
  expect(digest).toBeDefined();
  expect(digest).toBe(expected);
});

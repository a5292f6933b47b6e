import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, MlanError, MODEL, type Wording } from "@mlan/core";
import { vicuna } from "@mlan/model-vicuna";
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

const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-vicuna-"))}/`);
const { backbone, tower } = await writeTinyLlava(folder);
afterAll(() => rm(folder, { recursive: true }));
const scope = createScope([vicuna({ weights: backbone, visionTower: tower }), onnx()]);
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
  expect(wordings.map(({ name }) => name)).toEqual(["vicuna-base", "tuned"]);
  // The golden prompts of the benchmarks are made with those of the testing kit.
  const asked = { user: "Why?", answerStart: "Because", images: 2 };
  expect(wordings.map(({ ask }) => ask(asked))).toEqual([
    WORDINGS["vicuna-base"].ask(asked),
    WORDINGS.tuned.ask(asked),
  ]);
});

test("tells a run's manifest what was asked for", () => {
  for (const weights of [backbone, fileURLToPath(backbone), backbone.href.replace(/\/$/, "")]) {
    const { name, settings, places } = vicuna({ weights });
    expect(places).toEqual({ weights: fileURLToPath(backbone) });
    expect({ name, settings }).toEqual({ name: "@mlan/model-vicuna", settings: { hasTower: false } });
  }
});

test("reads nothing when it is made, and names the missing file when it is opened", async () => {
  const missing = createScope([vicuna({ weights: new URL("nowhere/", backbone) }), onnx()]).get(MODEL);
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
  const making = (): unknown => createScope([vicuna({ weights: backbone })]).get(MODEL);
  expect(making).toThrow(expect.toSatisfy((error) => MlanError.is(error, "missing-plugin")));
  expect(making).toThrow(/Nothing provides @mlan\/core\/compute@1, which @mlan\/model-vicuna needs\. .*onnx\(\)/);
});

test("refuses options that do not exist, or folders that are elsewhere", () => {
  const misspelt: object = { weights: backbone, tower };
  expect(() => vicuna(misspelt as Parameters<typeof vicuna>[0])).toThrow(/model-vicuna: .*"tower"/);
  const address: object = { weights: "https://example.org/vicuna/" };
  expect(() => vicuna(address as Parameters<typeof vicuna>[0])).toThrow(
    /model-vicuna: option "weights": .*not on this machine/,
  );
  const number: object = { weights: 7 };
  expect(() => vicuna(number as Parameters<typeof vicuna>[0])).toThrow(
    /model-vicuna: option "weights": expected a path/,
  );
});

test("without weights, takes the repository on the Hub that it pins", async () => {
  const { places } = vicuna();
  expect(places).toEqual({
    weights: "lmsys/vicuna-7b-v1.5 on the Hub, revision 3321f76e3f527bd14065daf69dad9344000a201d",
  });
  const names = await readdir(backbone);
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, backbone))] as const)),
  );
  const commit = "3321f76e3f527bd14065daf69dad9344000a201d";
  const server = await hubServer({
    type: "model",
    name: "lmsys/vicuna-7b-v1.5",
    commit,
    files,
    large: ["model.safetensors"],
  });
  vi.stubEnv("HF_ENDPOINT", server.endpoint);
  vi.stubEnv("HF_HUB_OFFLINE", undefined);
  vi.stubEnv("HF_HUB_CACHE", fileURLToPath(new URL("hub/", folder)));
  onTestFinished(() => void vi.unstubAllEnvs());
  const pinned = createScope([vicuna(), onnx()]).get(MODEL);
  const local = createScope([vicuna({ weights: backbone }), onnx()]).get(MODEL);
  const digests = [pinned, local].map(async (source) => (await source.inspect?.())?.content.digest());
  const [digest, expected] = await Promise.all(digests);
  expect(digest).toBeDefined();
  expect(digest).toBe(expected);
});

import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, MlanError, MODEL, type Wording } from "@mlan/core";
import { vicuna } from "@mlan/model-vicuna";
import {
  describeModelContract,
  describeTrainableModelContract,
  temporaryFolder,
  WORDINGS,
  writeTinyLlava,
} from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers"; // gradients, which a trainer brings otherwise
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = temporaryFolder();
const { backbone, tower } = await writeTinyLlava(folder);
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

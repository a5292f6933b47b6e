import { cp } from "node:fs/promises";
import { openCheckpoint, type CheckpointFolders } from "#internal/checkpoint/open-checkpoint.ts";
import { patchFeatures } from "#internal/network/vision-tower.ts";
import {
  disposeInputTensors,
  disposeNetwork,
  hiddenStates,
  inputTensors,
  llama,
  type LlavaNetwork,
  llavaNetwork,
  loadWeights,
  logits,
  planWeights,
  splice,
  unfoldPatches,
} from "@mlan/model-llava";
import { openSafetensors } from "@mlan/safetensors";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compute, scratchLlava } from "./tiny-llava.ts";

/** Folders in the layouts of transformers 5.18, peft 0.21 and LLaVA, from tools/fixtures/model_llava_layouts.py. */
const FIXTURE = new URL("fixtures/layouts/", import.meta.url);
const PATCHES = 4;
const VOCABULARY = 56;

const scratch = await scratchLlava();
const expected = await openSafetensors(new URL("expected.safetensors", FIXTURE));
beforeAll(() => compute.open());
afterAll(() => expected.close());

const folder = (name: string): URL => new URL(`${name}/`, FIXTURE);

async function opened(folders: Omit<CheckpointFolders, "architecture">): Promise<LlavaNetwork> {
  const checkpoint = await openCheckpoint({ architecture: llama, template: "v1", ...folders });
  const network = llavaNetwork(checkpoint);
  await loadWeights(planWeights(checkpoint, checkpoint.weights), network.weights, { seed: 0 });
  await checkpoint.close();
  return network;
}

/**
 * Checks the logits of a prompt with an image and the reference's greedy answer, and the likeliest token after each
 * position.
 */
async function expectAgreement(network: LlavaNetwork, name: string, prompt: "llava" | "text"): Promise<void> {
  const answer = await expected.readInt32(`${name}.tokens`);
  const start = await expected.readInt32(`${prompt}.prompt`);
  const pixels = await expected.read("llava.pixels");
  const inputIds = [...start, ...answer];
  const images = prompt === "llava" ? [{ name: "noise", read: async () => new Uint8Array() }] : [];
  const length = inputIds.length + images.length * (PATCHES - 1);
  const spliced = splice([{ id: name, inputIds, images, length }], { rows: 1, length, patches: PATCHES });
  const inputs = await inputTensors(spliced, network.vision?.tower.config, async () => pixels);
  const actual = tf.tidy(() => logits(network.decoder, hiddenStates(network, inputs)));
  const values = await actual.data();
  expect(largestDifference(values, await expected.read(`${name}.logits`))).toBeLessThan(1e-4);
  const next = tf.tidy(() => tf.argMax(actual, 1));
  expect([...(await next.data())].slice(length - answer.length - 1, -1)).toEqual([...answer]);
  expect(answer).toHaveLength(32);
  tf.dispose([actual, next]);
  disposeInputTensors(inputs);
}

function largestDifference(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(actual.length).toBe(wanted.length);
  return Array.from(actual).reduce((largest, value, place) => {
    const difference = Math.abs(value - (wanted[place] ?? NaN));
    return Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }, 0);
}

describe("one LLaVA in every layout gives transformers' features, logits and greedy answer", () => {
  it.each([
    ["transformers 5: names, dtype, rope_parameters, processor_config.json", "hf-5", undefined],
    ["transformers 4, as llava-hf publishes: nested configurations, float16", "hf-4", undefined],
    ["the names that models have since transformers 4.52", "hf-4-models", undefined],
    ["the original in PyTorch shards, its tuned tower inside without sizes", "original", "clip"],
  ])("%s", async (_, name, tower) => {
    const network = await opened({ weights: folder(name), ...(tower !== undefined && { visionTower: folder(tower) }) });
    await expectAgreement(network, "llava", "llava");
    const { vision } = network;
    if (!vision) throw new Error("the model reads text only");
    const pixels = await expected.read("llava.pixels");
    const unfolded = new Float32Array(pixels.length);
    unfoldPatches(vision.tower.config, pixels, unfolded, 0);
    const patches = tf.tensor2d(unfolded, [PATCHES, pixels.length / PATCHES]);
    const features = tf.tidy(() => patchFeatures(vision.tower, patches, vision.selectLayer));
    expect(largestDifference(await features.data(), await expected.read("llava.features"))).toBeLessThan(1e-4);
    tf.dispose([patches, features]);
    expect(network.decoder.config.vocabularySize).toBe(VOCABULARY);
    disposeNetwork(network);
  });
});

describe("one Llama with every kind of rotary positions gives transformers' logits and greedy answer", () => {
  it.each([
    "transformers-5",
    "two-thetas",
    "linear",
    "linear-alias-5",
    "dynamic",
    "llama3",
    "llama3-5",
    "head-dimension",
  ])("%s", async (name) => {
    const weights = await scratch.copy(folder("llama"));
    await cp(new URL(`${name}.json`, weights), new URL("config.json", weights));
    const network = await opened({ weights });
    await expectAgreement(network, name, "text");
    disposeNetwork(network);
  });
});

describe("a Llama gives transformers' logits and greedy answer", () => {
  it.each(["biased", "tied-otherwise"])("%s", async (name) => {
    const network = await opened({ weights: folder(name) });
    await expectAgreement(network, name, "text");
    disposeNetwork(network);
  });
});

describe("an adapter on its base gives the logits and the greedy answer of peft", () => {
  it.each(["adapter", "adapter-patterns"])("%s", async (name) => {
    const weights = await scratch.copy(folder("llama"));
    await cp(new URL("transformers-5.json", weights), new URL("config.json", weights));
    const network = await opened({ weights, adapter: folder(name) });
    await expectAgreement(network, name, "text");
    disposeNetwork(network);
  });

  it("on transformers' LLaVA, with a projector that was trained in full", async () => {
    const network = await opened({ weights: folder("hf-4"), adapter: folder("adapter-llava") });
    await expectAgreement(network, "adapter-llava", "llava");
    disposeNetwork(network);
  });

  it("of the original LLaVA on a plain Llama, with its projector in non_lora_trainables.bin", async () => {
    const weights = await scratch.copy(folder("llama"));
    await cp(new URL("transformers-5.json", weights), new URL("config.json", weights));
    const folders = { weights, adapter: folder("adapter-original"), visionTower: folder("clip") };
    const network = await opened(folders);
    await expectAgreement(network, "adapter-original", "llava");
    disposeNetwork(network);
  });
});

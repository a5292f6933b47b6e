import { readFile } from "node:fs/promises";
import { visionConfig } from "#internal/config/vision-config.ts";
import {
  languageConfig,
  llama,
  type LlavaNetwork,
  llavaNetwork,
  loadWeights,
  openWeights,
  planWeights,
} from "@mlan/model-llava";
import { openSafetensors, type SafetensorsReader } from "@mlan/safetensors";
import * as tf from "@tensorflow/tfjs-core";

/** Values from PyTorch and transformers, written by tools/fixtures/model_llava_network.py. */
const FIXTURE: URL = new URL("fixtures/network/", import.meta.url);

/** Folders of the fixture's weights: as safetensors, and with the same values as PyTorch's own files. */
const PLACES = {
  safetensors: ["llama/", "clip/", "projector.safetensors"],
  pytorch: ["pytorch/llama/", "pytorch/clip/", "pytorch/mm_projector.bin"],
};

/** Loads the fixture's Llama with its CLIP tower and projector. */
export async function fixtureNetwork(format: keyof typeof PLACES = "safetensors"): Promise<LlavaNetwork> {
  const [language, vision] = await Promise.all([json("llama/config.json"), json("clip/config.json")]);
  const sizes = {
    architecture: llama,
    language: languageConfig(language, FIXTURE),
    vision: { config: visionConfig(vision, FIXTURE), selectLayer: -2 },
  };
  const readers = await Promise.all(PLACES[format].map((path) => openWeights(new URL(path, FIXTURE))));
  const [backbone, clip, projector] = readers as [SafetensorsReader, SafetensorsReader, SafetensorsReader];
  const sources = {
    checkpoint: backbone,
    tower: clip,
    ...(format === "pytorch" && { projector }),
    freshProjector: true,
  };
  const plan = planWeights(sizes, sources);
  const network = llavaNetwork(sizes);
  await loadWeights(plan, network.weights, { seed: 0 });
  for (const { name, shape } of plan.fresh) {
    const weight = network.weights.find((declared) => declared.name === name)!;
    weight.set(tf.tensor(await projector.read(name), [...shape]));
  }
  await Promise.all(readers.map((reader) => reader.close()));
  return network;
}

/** The expected arrays by name. */
export interface Expected {
  shape(name: string): readonly number[];
  floats(name: string): Promise<Float32Array>;
  /** Returns the rows of a right-padded matrix, truncated to the lengths stored beside it. */
  rows(name: string): Promise<number[][]>;
  close(): Promise<void>;
}

export async function expectedValues(): Promise<Expected> {
  const reader = await openSafetensors(new URL("expected.safetensors", FIXTURE));
  const shape = (name: string): readonly number[] => reader.entries.get(name)!.shape;
  return {
    shape,
    floats: (name) => reader.read(name),
    rows: async (name) => {
      const values = await reader.readInt32(name);
      const lengths = await reader.readInt32(`${name.split(".")[0]}.lengths`);
      const width = shape(name)[1]!;
      return [...lengths].map((length, row) => [...values.subarray(row * width, row * width + length)]);
    },
    close: () => reader.close(),
  };
}

/** Returns the largest difference, relative to the largest expected value if that is greater than 1. */
export function largestError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, expected ${expected.length}`);
  let error = 0;
  let scale = 1;
  for (let index = 0; index < expected.length; index++) {
    error = Math.max(error, Number.isNaN(actual[index]!) ? Infinity : Math.abs(actual[index]! - expected[index]!));
    scale = Math.max(scale, Math.abs(expected[index]!));
  }
  return error / scale;
}

async function json(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(new URL(path, FIXTURE), "utf8")) as Record<string, unknown>;
}

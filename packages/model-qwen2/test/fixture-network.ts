import { readFile } from "node:fs/promises";
import {
  type LanguageConfig,
  type LlavaNetwork,
  llavaNetwork,
  loadWeights,
  openWeights,
  planWeights,
} from "@mlan/model-llava";
import { qwen2Architecture } from "#internal/architecture.ts";

/** Values from PyTorch, transformers and tokenizers, written by tools/fixtures/model_qwen2.py. */
export const FIXTURES: URL = new URL("fixtures/", import.meta.url);

export async function fixtureConfig(path: string): Promise<LanguageConfig> {
  const file = new URL(path, FIXTURES);
  return qwen2Architecture.config(JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>, file);
}

/** Loads a fixture's model, without a tower. */
export async function fixtureNetwork(name: string): Promise<LlavaNetwork> {
  const sizes = {
    architecture: qwen2Architecture,
    language: await fixtureConfig(`${name}/config.json`),
    vision: undefined,
  };
  const checkpoint = await openWeights(new URL(`${name}/`, FIXTURES));
  const network = llavaNetwork(sizes);
  await loadWeights(planWeights(sizes, { checkpoint, freshProjector: true }), network.weights, { seed: 0 });
  await checkpoint.close();
  return network;
}

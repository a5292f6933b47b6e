import { readdir } from "node:fs/promises";
import type { Score } from "@mlan/core";
import { createLlavaSource, llama, type LlavaModel, type LlavaSource } from "@mlan/model-llava";
import { WORDINGS } from "@mlan/testing";
import { beforeAll } from "vitest";
import { answersOf } from "./answers-of.ts";
import { compute, type Scratch, scratchLlava, tinySource } from "./tiny-llava.ts";

export type Format = "float32" | "stored" | "int8" | "int8-128" | "int4" | "int4-32" | "int4-128";

export const scratch: Scratch = await scratchLlava();
/** The tiny model in bfloat16, like published checkpoints. */
export const folder: URL = scratch.fresh();

beforeAll(async () => {
  const model = await tinySource(scratch.backbone).open();
  await model.save(folder, { dtype: "bfloat16" });
  model.dispose();
});

export function sourceOf(weightFormat: Format, weights = folder, on = compute): LlavaSource {
  const untunedWording = WORDINGS["llama2-base"];
  return createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute: on,
    weights,
    untunedWording,
    weightFormat,
  });
}

export function open(...parameters: Parameters<typeof sourceOf>): Promise<LlavaModel> {
  return sourceOf(...parameters).open();
}

const prompts = ["the cat sat on", "a", "one two three four five six seven"];
const requests = prompts.map((text, index) => ({
  id: String(index),
  prompt: { kind: "raw", text, beginOfSequence: true } as const,
  images: [],
}));
const scored = requests.map((request) => ({ ...request, continuation: " and the dog" }));
const asked = requests.map((request) => ({ ...request, maximumNewTokens: 8 }));

export async function resultsOf(model: LlavaModel): Promise<{ scores: readonly Score[]; answers: readonly string[] }> {
  const answers = await answersOf(model, asked);
  return { scores: await model.score!(scored), answers: [...answers.values()].map(({ text }) => text) };
}

export async function resultsIn(format: Format): Promise<Awaited<ReturnType<typeof resultsOf>>> {
  const model = await open(format);
  const results = await resultsOf(model);
  model.dispose();
  return results;
}

/** Returns the file with a folder's matrices in a format. */
export async function keptFile(weights: URL, format: Format): Promise<URL> {
  const kept = new URL("quantised/", weights);
  const name = (await readdir(kept)).find((one) => one.startsWith(format));
  if (name === undefined) throw new Error(`there is no ${format} file in ${kept.pathname}`);
  return new URL(name, kept);
}

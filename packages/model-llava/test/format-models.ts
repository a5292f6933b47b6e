import { readdir } from "node:fs/promises";
import type { Score } from "@mlan/core";
import { createLlavaSource, llama, type LlavaModel, type LlavaSource } from "@mlan/model-llava";
import { WORDINGS } from "@mlan/testing";
import { beforeAll } from "vitest";
import { answersOf } from "./answers-of.ts";
import { compute, type Scratch, scratchLlava, tinySource } from "./tiny-llava.ts";

export type Format = "float32" | "stored" | "int8" | "int8-128" | "int4" | "int4-32" | "int4-128";

export interface FormatModels {
  readonly scratch: Scratch;
  /** The tiny model in bfloat16, like published checkpoints. */
  readonly folder: URL;
  sourceOf(weightFormat: Format, weights?: URL, on?: typeof compute): LlavaSource;
  open(...parameters: Parameters<FormatModels["sourceOf"]>): Promise<LlavaModel>;
  resultsIn(format: Format): Promise<Results>;
}

/** Call at the top level of a test file: test files share modules, and each has its own folders. */
export async function formatModels(): Promise<FormatModels> {
  const scratch = await scratchLlava();
  const folder = scratch.fresh();
  beforeAll(async () => {
    const model = await tinySource(scratch.backbone).open();
    await model.save(folder, { dtype: "bfloat16" });
    model.dispose();
  });
  const sourceOf: FormatModels["sourceOf"] = (weightFormat, weights = folder, on = compute) =>
    createLlavaSource({
      architecture: llama,
      name: "tiny",
      compute: on,
      weights,
      untunedWording: WORDINGS["llama2-base"],
      weightFormat,
    });
  const open: FormatModels["open"] = (...parameters) => sourceOf(...parameters).open();
  const resultsIn: FormatModels["resultsIn"] = async (format) => {
    const model = await open(format);
    const results = await resultsOf(model);
    model.dispose();
    return results;
  };
  return { scratch, folder, sourceOf, open, resultsIn };
}

interface Results {
  readonly scores: readonly Score[];
  readonly answers: readonly string[];
}

const prompts = ["the cat sat on", "a", "one two three four five six seven"];
const requests = prompts.map((text, index) => ({
  id: String(index),
  prompt: { kind: "raw", text, beginOfSequence: true } as const,
  images: [],
}));
const scored = requests.map((request) => ({ ...request, continuation: " and the dog" }));
const asked = requests.map((request) => ({ ...request, maximumNewTokens: 8 }));

export async function resultsOf(model: LlavaModel): Promise<Results> {
  const answers = await answersOf(model, asked);
  return { scores: await model.score!(scored), answers: [...answers.values()].map(({ text }) => text) };
}

/** Returns the file with a folder's matrices in a format. */
export async function keptFile(weights: URL, format: Format): Promise<URL> {
  const kept = new URL("quantized/", weights);
  const name = (await readdir(kept)).find((one) => one.startsWith(format));
  if (name === undefined) throw new Error(`there is no ${format} file in ${kept.pathname}`);
  return new URL(name, kept);
}

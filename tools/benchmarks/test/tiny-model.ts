import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import { createScope, type Model, MODEL, trainableModel } from "@mlan/core";
import { llama2 } from "@mlan/model-llama2";
import { openSafetensors, type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import { writeTinyLlava } from "@mlan/testing";
import { afterAll } from "vitest";

/** Creates a folder that is removed when the test file ends. */
export async function scratchFolder(): Promise<URL> {
  const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-benchmarks-"))}/`);
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Opens a random model on the ONNX backend that accepts images and uses the wording of a tuned model. Closed when the
 * test file ends.
 */
export async function tinyModel(folder: URL): Promise<Model> {
  const { backbone, tower } = await writeTinyLlava(new URL("checkpoint/", folder));
  await enlarge(backbone);
  await widen(new URL("config.json", backbone));
  const scope = createScope([llama2({ weights: backbone, visionTower: tower }), onnx()]);
  const model = trainableModel(await scope.get(MODEL).open({ seed: 3 }));
  afterAll(() => {
    model.dispose();
    return scope[Symbol.asyncDispose]();
  });
  model.setFormat({ ...model.format, template: "v1" });
  return model;
}

/** Enlarges the weights. With the weights of the tiny checkpoint, answers hardly depend on the question. */
async function enlarge(folder: URL): Promise<void> {
  const reader = await openSafetensors(folder);
  const tensors: TensorToWrite[] = [];
  for (const { name, shape } of reader.entries.values()) {
    const factor = shape.length === 2 ? 6 : 1;
    const values = (await reader.read(name)).map((value) => value * factor);
    tensors.push({ name, shape, dtype: "F32", data: () => values });
  }
  await reader.close();
  await writeSafetensors(new URL("model.safetensors", folder), tensors);
}

/**
 * Raises the limit of 512 positions. The tiny tokenizer has a token for nearly every letter, so the longest prompts
 * exceed the limit.
 */
async function widen(file: URL): Promise<void> {
  const config = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...config, max_position_embeddings: 2048 }));
}

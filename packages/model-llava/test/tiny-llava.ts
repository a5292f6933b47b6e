import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onnx } from "@mlan/backend-onnx";
import { COMPUTE, createScope, type ImageReference, type Parameter } from "@mlan/core";
import { createLlavaSource, llama, type LlavaModel, type LlavaSource } from "@mlan/model-llava";
import { openSafetensors, type TensorToWrite, writeSafetensors } from "@mlan/safetensors";
import { changeWeights, writeTinyLlava, WORDINGS } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import sharp from "sharp";
import { afterAll } from "vitest";

/** Temporary folders of a test file, removed when it ends. */
export interface Scratch {
  readonly backbone: URL;
  readonly tower: URL;
  /** Returns a folder that does not exist yet. */
  fresh(): URL;
  /** Returns a copy of a folder that a test may damage. */
  copy(folder: URL): Promise<URL>;
}

/** Writes a tiny Llama and a tiny CLIP tower in Hugging Face layout. */
export async function scratchLlava(): Promise<Scratch> {
  const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), "mlan-llava-"))}/`);
  const checkpoint = await writeTinyLlava(folder);
  let count = 0;
  const fresh = (): URL => new URL(`scratch-${count++}/`, folder);
  afterAll(() => rm(folder, { recursive: true }));
  return {
    ...checkpoint,
    fresh,
    copy: async (source) => {
      const target = fresh();
      await cp(source, target, { recursive: true });
      return target;
    },
  };
}

export const compute = createScope([onnx()]).get(COMPUTE);

/** Creates a source on the backend onnx. `template` is the template of the model's conversations. */
export function tinySource(weights: URL, visionTower?: URL, template?: string, adapter?: URL): LlavaSource {
  return createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute,
    weights,
    untunedWording: WORDINGS["llama2-base"],
    ...(visionTower && { visionTower }),
    template,
    ...(adapter && { adapter }),
  });
}

/** Changes keys of a JSON file. Undefined removes a key. */
export async function changeJson(file: URL, changes: Record<string, unknown>): Promise<void> {
  const value = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...value, ...changes }));
}

/** Rewrites a folder's tensors with changes. */
export async function rewriteTensors(folder: URL, change: (all: TensorToWrite[]) => TensorToWrite[]): Promise<void> {
  const reader = await openSafetensors(folder);
  const all: TensorToWrite[] = [];
  for (const { name, shape } of reader.entries.values()) {
    const values = await reader.read(name);
    all.push({ name, shape, dtype: "F32", data: () => values });
  }
  await reader.close();
  await writeSafetensors(new URL("model.safetensors", folder), change(all));
}

/** Returns a PNG of one color. */
export function plainImage(name: string, background: string): ImageReference {
  const image = sharp({ create: { width: 12, height: 9, channels: 3, background } }).png();
  return { name, read: async () => new Uint8Array(await image.toBuffer()) };
}

/** Returns a model's weights by name. */
export async function valuesOf(
  model: LlavaModel,
  wanted: (parameter: Parameter) => boolean = () => true,
): Promise<Record<string, readonly number[]>> {
  const values: Record<string, readonly number[]> = {};
  for (const parameter of model.parameters().filter(wanted)) values[parameter.name] = [...(await parameter.read())];
  return values;
}

export interface TestedWeight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Changes the values of the weight. */
  set(values: ArrayLike<number>): void;
}

/** Returns the weight whose name ends with `suffix`, and its values. */
export async function weightOf(model: LlavaModel, nameEnd: string): Promise<TestedWeight> {
  const found = model.parameters().find(({ name }) => name.endsWith(nameEnd));
  if (!found) throw new Error(`the model has no weight ${nameEnd}`);
  const { name, shape } = found;
  return {
    shape,
    values: await found.read(),
    set: (values) =>
      changeWeights(model, (one) => (one.name === name ? tf.tensor(Float32Array.from(values), [...shape]) : undefined)),
  };
}

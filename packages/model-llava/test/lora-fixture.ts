import { cp, readFile, writeFile } from "node:fs/promises";
import type { Batch, Encoded } from "@mlan/core";
import { applyAdamW, registerGradients, valueAndGradients } from "@mlan/fused-ops";
import {
  createLlavaSource,
  llama,
  type LlavaModel,
  type LlavaSource,
  type LlavaSourceOptions,
} from "@mlan/model-llava";
import { openSafetensors } from "@mlan/safetensors";
import { WORDINGS } from "@mlan/testing";
import * as tf from "@tensorflow/tfjs-core";
import { compute, type Scratch } from "./tiny-llava.ts";

const FIXTURES = new URL("fixtures/", import.meta.url);

/** Files and results of peft 0.21, from tools/fixtures/model_llava_lora.py. */
export const LORA: URL = new URL("lora/", FIXTURES);
const PROMPT = 8;

/** Opens the compute backend and returns the base of these adapters, with peft's results. */
export async function loraReference(scratch: Scratch): Promise<{ readonly base: URL; readonly expected: Expected }> {
  await compute.open();
  registerGradients();
  const [base, expected] = await Promise.all([loraBase(scratch), expectedOfPeft()]);
  return { base, expected };
}

/** Returns the folder of the base of these adapters. */
export async function loraBase(scratch: Scratch): Promise<URL> {
  const base = await scratch.copy(scratch.backbone);
  await cp(new URL("layouts/llama/model.safetensors", FIXTURES), new URL("model.safetensors", base));
  await cp(new URL("layouts/llama/transformers-5.json", FIXTURES), new URL("config.json", base));
  const tokenizer = new URL("tokenizer.json", base);
  const content = JSON.parse(await readFile(tokenizer, "utf8")) as { readonly model: object };
  // The fixture has 56 tokens, and the tokenizer 363.
  const pieces = ["<unk>", "<s>", "</s>", "▁", ..."abcdefghijklmnopqrstuvwxyz"];
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  const model = { ...content.model, vocab, merges: [], byte_fallback: false };
  await writeFile(tokenizer, JSON.stringify({ ...content, model }));
  return base;
}

export function loraSource(options: Pick<LlavaSourceOptions, "weights"> & Partial<LlavaSourceOptions>): LlavaSource {
  const untunedWording = WORDINGS["llama2-base"];
  return createLlavaSource({
    architecture: llama,
    name: "tiny",
    compute,
    untunedWording,
    mergeAdapter: false,
    ...options,
  });
}

/** Returns a new adapter on the base, with the trained weights of peft's. */
export async function trainedAdapter(base: URL): Promise<LlavaModel> {
  const model = await loraSource({ weights: base }).open();
  model.adapt?.({ rank: 4, alpha: 8, dropout: 0, rankStabilized: true }, { seed: 1 });
  const trained = await loraSource({ weights: base, adapter: new URL("trained/", LORA) }).open();
  const values = new Map(trained.parameters().map((parameter) => [parameter.name, parameter]));
  const learning = model.learn(["adapter"]);
  for (const { name, variable } of learning.parameters) {
    const read = await values.get(name)?.read();
    if (read) tf.tidy(() => variable.assign(tf.tensor(read, variable.shape)));
  }
  learning.end();
  trained.dispose();
  return model;
}

export interface Expected {
  readonly conversations: readonly Encoded[];
  /** The loss before each of 50 steps. */
  readonly losses: readonly number[];
  /** [rows * length * vocabulary], before the first step and after the last. */
  readonly startLogits: Float32Array;
  readonly trainedLogits: Float32Array;
  /** Returns the mean cross-entropy over the supervised positions. */
  lossOf(logits: Float32Array): number;
}

async function expectedOfPeft(): Promise<Expected> {
  const reader = await openSafetensors(new URL("expected.safetensors", LORA));
  const tokens = await reader.readInt32("tokens");
  const [rows = 0, length = 0] = reader.entries.get("tokens")?.shape ?? [];
  const conversations = Array.from({ length: rows }, (_, row): Encoded => {
    const inputIds = tokens.slice(row * length, (row + 1) * length);
    const labels = inputIds.map((token, place) => (place < PROMPT ? -100 : token));
    return { id: String(row), inputIds, labels, images: [], length, supervised: length - PROMPT };
  });
  const values = {
    conversations,
    losses: [...(await reader.read("losses"))],
    startLogits: await reader.read("start.logits"),
    trainedLogits: await reader.read("trained.logits"),
    lossOf(logits: Float32Array): number {
      const vocabulary = logits.length / tokens.length;
      const all = conversations.flatMap(({ labels }, row) =>
        [...labels].flatMap((label, place) => {
          if (label < 0) return [];
          const start = (row * length + place - 1) * vocabulary;
          const one = logits.subarray(start, start + vocabulary);
          const largest = Math.max(...one);
          const sum = one.reduce((total, value) => total + Math.exp(value - largest), 0);
          return [largest + Math.log(sum) - (one[label] ?? NaN)];
        }),
      );
      return all.reduce((sum, loss) => sum + loss, 0) / all.length;
    },
  };
  await reader.close();
  return values;
}

export function batchOf(model: LlavaModel, conversations: readonly Encoded[], seed?: number): Promise<Batch> {
  const length = Math.max(...conversations.map((one) => one.length));
  return model.collate(conversations, { rows: conversations.length, length }, seed === undefined ? {} : { seed });
}

/** Without a seed, nothing is dropped. */
export async function lossOf(model: LlavaModel, conversations: readonly Encoded[], seed?: number): Promise<number> {
  const batch = await batchOf(model, conversations, seed);
  const loss = model.loss(batch.tensors);
  const [value = NaN] = await loss.data();
  loss.dispose();
  batch.dispose();
  return value;
}

/** Returns the loss before each step of AdamW on one batch. */
export async function trainAdapter(
  model: LlavaModel,
  conversations: readonly Encoded[],
  { steps, learningRate, seed }: { readonly steps: number; readonly learningRate: number; readonly seed?: number },
): Promise<readonly number[]> {
  const batch = await batchOf(model, conversations, seed);
  const learning = model.learn(["adapter"]);
  const states = learning.parameters.map(({ variable }) => ({
    variable,
    firstMoment: tf.tidy(() => tf.variable(tf.zeros(variable.shape), false)),
    secondMoment: tf.tidy(() => tf.variable(tf.zeros(variable.shape), false)),
    weightDecay: 0,
  }));
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const { value, gradients } = valueAndGradients(
      () => model.loss(batch.tensors),
      states.map(({ variable }) => variable),
    );
    applyAdamW(states, gradients, { learningRate, step });
    losses.push((await value.data())[0] ?? NaN);
    tf.dispose([value, ...gradients.filter((gradient) => gradient !== undefined)]);
  }
  for (const { firstMoment, secondMoment } of states) tf.dispose([firstMoment, secondMoment]);
  learning.end();
  batch.dispose();
  return losses;
}

/** Returns the gradients of an adapter's parameters by name. */
export async function adapterGradients(
  model: LlavaModel,
  batch: Batch,
  gradientCheckpointing = false,
): Promise<ReadonlyMap<string, Float32Array>> {
  const learning = model.learn(["adapter"]);
  const variables = learning.parameters.map(({ variable }) => variable);
  const { value, gradients } = valueAndGradients(() => model.loss(batch.tensors, { gradientCheckpointing }), variables);
  const found = new Map<string, Float32Array>();
  for (const [index, { name }] of learning.parameters.entries()) {
    const values = await gradients[index]?.data<"float32">();
    if (values) found.set(name, Float32Array.from(values));
  }
  tf.dispose([value, ...gradients.filter((gradient) => gradient !== undefined)]);
  learning.end();
  return found;
}

export function largestDifference(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (actual.length !== wanted.length) return Infinity;
  return Array.from(actual).reduce((largest, value, place) => {
    const difference = Math.abs(value - (wanted[place] ?? NaN));
    return Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
  }, 0);
}

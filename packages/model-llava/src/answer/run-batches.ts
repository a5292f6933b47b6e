import type { GenerationOptions } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import {
  disposePromptTensors,
  imagesIn,
  type PromptRow,
  type PromptTensors,
  promptTensors,
} from "../batch/prompt-tensors.ts";
import { disposeCache } from "../network/answer-cache.ts";
import type { Pause } from "../network/answer-functions.ts";
import { positionsPerImage } from "../network/llava-network.ts";
import { type PrefixCache, tableLength } from "../network/prompt-pass.ts";
import { languageParameters } from "../weights/parts.ts";
import { type ImageFeatures, imageFeatures } from "./image-features.ts";
import type { ImageSet } from "./image-set.ts";
import { checkBatchSize, DEFAULT_BATCH_SIZE, type InferenceModel } from "./tokenize-prompt.ts";
import { planBatches, type Sequence, type BatchGroup, type BatchRow } from "./plan-batches.ts";

export interface ReadyBatch<Item> {
  readonly prompts: PromptTensors;
  readonly prefix?: PrefixCache;
  /** The rows of `prompts`; undefined is a padding row. */
  readonly rows: readonly (BatchRow<Item> | undefined)[];
}

/** Computes each shared prefix once, calls `run` for each batch, and frees the batch's tensors. */
export async function* runBatches<Item extends Sequence, Result>(
  model: InferenceModel,
  items: readonly Item[],
  set: ImageSet,
  options: GenerationOptions,
  run: (batch: ReadyBatch<Item>) => Promise<Result>,
  pause?: Pause,
): AsyncGenerator<Result, void, undefined> {
  const { batchSize = DEFAULT_BATCH_SIZE, sharePrefixes = true, featureCache, signal } = options;
  const { network, loadPixels, pixelSettings } = model;
  const { maximumPositions: maximumLength } = network.decoder.config;
  const batchGroups = planBatches(items, {
    batchSize: checkBatchSize(batchSize),
    sharePrefixes,
    maximumLength,
    parameters: languageParameters(network.weights),
  });
  const features = await imageFeatures({
    network,
    images: set.images,
    uses: usesOf(batchGroups, positionsPerImage(network)),
    loadPixels,
    pixelSettings,
    ...(featureCache && { cacheFolder: featureCache }),
  });
  try {
    for (const batchGroup of batchGroups) {
      signal?.throwIfAborted();
      const prefix = await computePrefixes(model, batchGroup, features, pause);
      try {
        for (const { rows, length } of batchGroup.batches) {
          signal?.throwIfAborted();
          const prompts = await tensorsOf(model, rows, length, features);
          try {
            yield await run({ prompts, rows, ...(prefix && { prefix }) });
          } finally {
            disposePromptTensors(prompts);
          }
        }
      } finally {
        if (prefix) disposeCache(prefix.layers);
      }
    }
  } finally {
    features.dispose();
  }
}

async function computePrefixes<Item>(
  model: InferenceModel,
  { prefixes, prefixLength }: BatchGroup<Item>,
  features: ImageFeatures,
  pause: Pause | undefined,
): Promise<PrefixCache | undefined> {
  if (prefixes.length === 0) return undefined;
  const rows = prefixes.map((symbols) => ({ symbols, start: 0 }));
  const prompts = await tensorsOf(model, rows, prefixLength, features);
  // Only keys and values are needed, so the output layer computes a single position.
  const wanted = tf.tensor1d([0], "int32");
  try {
    const layers = await model.functions.read({ prompts, wanted, table: tableLength(prefixLength) }, pause);
    return { layers, lengths: prefixes.map(({ length }) => length) };
  } finally {
    wanted.dispose();
    disposePromptTensors(prompts);
  }
}

async function tensorsOf(
  { network }: InferenceModel,
  rows: readonly (PromptRow | undefined)[],
  length: number,
  features: ImageFeatures,
): Promise<PromptTensors> {
  const patches = positionsPerImage(network);
  const filled = rows.map((row) => row ?? PADDING);
  const seen = await features.take(imagesIn(filled, patches));
  return promptTensors(filled, { rows: rows.length, length, patches }, seen);
}

const PADDING: PromptRow = { symbols: Int32Array.of(0), start: 0 };

function usesOf<Item>(batchGroups: readonly BatchGroup<Item>[], patches: number): ReadonlyMap<number, number> {
  const uses = new Map<number, number>();
  const use = (rows: readonly (PromptRow | undefined)[]): void => {
    for (const image of imagesIn(
      rows.flatMap((row) => row ?? []),
      patches,
    ))
      uses.set(image, (uses.get(image) ?? 0) + 1);
  };
  for (const { prefixes, batches } of batchGroups) {
    use(prefixes.map((symbols) => ({ symbols, start: 0 })));
    for (const { rows } of batches) use(rows);
  }
  return uses;
}

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
import { positionsPerImage } from "../network/llava-network.ts";
import { type PrefixCache, tableLength } from "../network/prompt-pass.ts";
import { type ImageFeatures, imageFeatures } from "./image-features.ts";
import type { ImageSet } from "./image-set.ts";
import { checkBatchSize, DEFAULT_BATCH_SIZE, type PromptReader } from "./prompt-reader.ts";
import { planWaves, type Sequence, type Wave, type WaveRow } from "./waves.ts";

/** Rows that are ready to be computed. */
export interface ReadyBatch<Item> {
  readonly prompts: PromptTensors;
  readonly prefix?: PrefixCache;
  /** As many as `prompts` has; undefined is padding. */
  readonly rows: readonly (WaveRow<Item> | undefined)[];
}

/** Computes prefixes once, gives `run` batch after batch, and frees what it made. */
export async function* runWaves<Item extends Sequence, Result>(
  reader: PromptReader,
  items: readonly Item[],
  set: ImageSet,
  options: GenerationOptions,
  run: (batch: ReadyBatch<Item>) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const { batchSize = DEFAULT_BATCH_SIZE, sharePrefixes = true, featureCache, signal } = options;
  const { network, loadPixels, pixelSettings } = reader;
  const { maximumPositions: maximumLength } = network.decoder.config;
  const waves = planWaves(items, { batchSize: checkBatchSize(batchSize), sharePrefixes, maximumLength });
  const features = await imageFeatures({
    network,
    images: set.images,
    uses: usesOf(waves, positionsPerImage(network)),
    loadPixels,
    pixelSettings,
    ...(featureCache && { cacheFolder: featureCache }),
  });
  try {
    for (const wave of waves) {
      signal?.throwIfAborted();
      const prefix = await computePrefixes(reader, wave, features);
      try {
        for (const { rows, length } of wave.batches) {
          signal?.throwIfAborted();
          const prompts = await tensorsOf(reader, rows, length, features);
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
  reader: PromptReader,
  { prefixes, prefixLength }: Wave<Item>,
  features: ImageFeatures,
): Promise<PrefixCache | undefined> {
  if (prefixes.length === 0) return undefined;
  const rows = prefixes.map((symbols) => ({ symbols, start: 0 }));
  const prompts = await tensorsOf(reader, rows, prefixLength, features);
  // Keys and values are all that is needed; of the rest as little as possible.
  const wanted = tf.tensor1d([0], "int32");
  const layers = reader.functions.read({ prompts, wanted, table: tableLength(prefixLength) });
  wanted.dispose();
  disposePromptTensors(prompts);
  return { layers, lengths: prefixes.map(({ length }) => length) };
}

async function tensorsOf(
  { network }: PromptReader,
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

function usesOf<Item>(waves: readonly Wave<Item>[], patches: number): ReadonlyMap<number, number> {
  const uses = new Map<number, number>();
  const use = (rows: readonly (PromptRow | undefined)[]): void => {
    for (const image of imagesIn(
      rows.flatMap((row) => row ?? []),
      patches,
    ))
      uses.set(image, (uses.get(image) ?? 0) + 1);
  };
  for (const { prefixes, batches } of waves) {
    use(prefixes.map((symbols) => ({ symbols, start: 0 })));
    for (const { rows } of batches) use(rows);
  }
  return uses;
}

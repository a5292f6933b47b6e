import * as tf from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import { type KeyValue, MASKED, type MaskedKeyValue } from "./attention.ts";

/** The keys and values of all layers, with one mask that hides padding. */
export interface MaskedCache {
  readonly layers: readonly KeyValue[];
  readonly mask: tf.Tensor;
}

/** Returns a layer's part of a cache for attention; an empty list if there is no cache. */
export function cachedPart(cache: MaskedCache | undefined, layer: number): readonly MaskedKeyValue[] {
  const keyValue = cache?.layers[layer];
  return cache && keyValue ? [{ ...keyValue, mask: cache.mask }] : [];
}

/** The place of a decoding step in the cache, as tensors, so that one compiled graph serves all steps. */
export interface CacheSlot {
  /** Indices (row, head, step) for each row and head: [rows * keyValueHeads, 3], int32. */
  readonly places: tf.Tensor2D;
  /** Mask [capacity]: 0 up to and including the step, {@link MASKED} after it. */
  readonly mask: tf.Tensor1D;
}

/**
 * Creates each layer's cache for an answer, filled with zeros. Each tensor has its own memory and is not the result of
 * an operation: otherwise the graph of the first step would differ from that of all later steps.
 */
export function emptyCache(
  { layers, keyValueHeads, headDimension }: LanguageConfig,
  rows: number,
  capacity: number,
): readonly KeyValue[] {
  const shape: [number, number, number, number] = [rows, keyValueHeads, capacity, headDimension];
  const zeros = (): tf.Tensor4D =>
    tf.tensor4d(new Float32Array(rows * keyValueHeads * capacity * headDimension), shape);
  return Array.from({ length: layers }, () => ({ key: zeros(), value: zeros() }));
}

/** Creates the slot of a step in a cache [rows, keyValueHeads, capacity, dimension]. */
export function cacheSlot([rows, heads, capacity]: readonly [number, number, number, number], step: number): CacheSlot {
  const places = Int32Array.from({ length: rows * heads * 3 }, (_, index) => {
    const vector = Math.floor(index / 3);
    return [Math.floor(vector / heads), vector % heads, step][index % 3] ?? 0;
  });
  return {
    places: tf.tensor2d(places, [rows * heads, 3]),
    mask: tf.tensor1d(new Float32Array(capacity).fill(MASKED, step + 1)),
  };
}

/** Returns the cache with a step's keys and values [rows, keyValueHeads, 1, dimension] written into its slot. */
export function writeSlot(cache: KeyValue, added: KeyValue, { places }: CacheSlot): KeyValue {
  const write = (all: tf.Tensor4D, step: tf.Tensor4D): tf.Tensor4D =>
    tf.tensorScatterUpdate(all, places, tf.reshape(step, [places.shape[0], -1])) as tf.Tensor4D;
  return { key: write(cache.key, added.key), value: write(cache.value, added.value) };
}

/**
 * Creates a mask that hides the positions after each row's prompt: [rows, 1, 1, 1, length], broadcast to [rows,
 * keyValueHeads, group, 1, length].
 */
export function promptMask(promptLengths: readonly number[], length: number): tf.Tensor {
  const mask = new Float32Array(promptLengths.length * length);
  for (const [row, promptLength] of promptLengths.entries())
    mask.fill(MASKED, row * length + promptLength, (row + 1) * length);
  return tf.tensor(mask, [promptLengths.length, 1, 1, 1, length]);
}

export function disposeCache(cache: readonly KeyValue[]): void {
  for (const { key, value } of cache) tf.dispose([key, value]);
}

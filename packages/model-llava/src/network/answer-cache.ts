import * as tf from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import { type KeyValue, MASKED, type MaskedKeyValue } from "./attention.ts";

/** Each layer's keys and values, with one mask for all layers that hides padding. */
export interface MaskedCache {
  readonly layers: readonly KeyValue[];
  readonly mask: tf.Tensor;
}

/** A layer's part of a cache, for attention; none where there is no cache. */
export function cachedPart(cache: MaskedCache | undefined, layer: number): readonly MaskedKeyValue[] {
  const keyValue = cache?.layers[layer];
  return cache && keyValue ? [{ ...keyValue, mask: cache.mask }] : [];
}

/** A step's place in the cache as data, so that one compiled graph serves all steps. */
export interface CacheSlot {
  /** The step's place in the cache, for each row and head: [rows * keyValueHeads, 3] (int32) of row, head and step. */
  readonly places: tf.Tensor2D;
  /** [capacity]: 0 up to the step, {@link MASKED} behind it. */
  readonly mask: tf.Tensor1D;
}

/**
 * Zeros for each layer's answer. Leaves with memory of their own: shared or computed ones would make the first
 * step's graph another than that of all later steps.
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

/** The slot of a step in a cache [rows, keyValueHeads, capacity, dimension]. */
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

/** The cache with a step's keys and values [rows, keyValueHeads, 1, dimension] at its place. */
export function writeSlot(cache: KeyValue, added: KeyValue, { places }: CacheSlot): KeyValue {
  const write = (all: tf.Tensor4D, step: tf.Tensor4D): tf.Tensor4D =>
    tf.tensorScatterUpdate(all, places, tf.reshape(step, [places.shape[0], -1])) as tf.Tensor4D;
  return { key: write(cache.key, added.key), value: write(cache.value, added.value) };
}

/** Hides what lies behind each row's prompt, broadcast to [rows, keyValueHeads, group, 1, length]. */
export function promptMask(promptLengths: readonly number[], length: number): tf.Tensor {
  const mask = new Float32Array(promptLengths.length * length);
  for (const [row, promptLength] of promptLengths.entries())
    mask.fill(MASKED, row * length + promptLength, (row + 1) * length);
  return tf.tensor(mask, [promptLengths.length, 1, 1, 1, length]);
}

export function disposeCache(cache: readonly KeyValue[]): void {
  for (const { key, value } of cache) tf.dispose([key, value]);
}

import type { KeyValuePart } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { LanguageConfig } from "../config/language-config.ts";
import { type KeyValue, MASKED } from "./attention.ts";

/** The keys and values of all layers, with one mask for padding. */
export interface MaskedCache {
  readonly layers: readonly KeyValue[];
  readonly mask: tf.Tensor;
}

/** Returns the cache of a layer as a part for `attentionToParts`; [] without a cache. */
export function cachedPart(cache: MaskedCache | undefined, layer: number): readonly KeyValuePart[] {
  const keyValue = cache?.layers[layer];
  return cache && keyValue ? [{ ...keyValue, mask: cache.mask }] : [];
}

/**
 * The position of a decoding step in the cache. It consists of tensors, so that one compiled graph serves all steps.
 */
export interface CacheSlot {
  /** Indices (row, head, step) for each row and head [rows * keyValueHeads, 3], int32. */
  readonly places: tf.Tensor2D;
  /** Mask [capacity]: 0 up to and including the step, {@link MASKED} after the step. */
  readonly mask: tf.Tensor1D;
}

/**
 * Creates a cache of zeros for each layer. No tensor is the result of an operation or shares memory; otherwise the
 * first step would need a different graph from all later steps.
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

/** Writes the keys and values of a step [rows, keyValueHeads, 1, dimension] into a cache and returns the new cache. */
export function writeSlot(cache: KeyValue, added: KeyValue, { places }: CacheSlot): KeyValue {
  const write = (all: tf.Tensor4D, step: tf.Tensor4D): tf.Tensor4D =>
    tf.tensorScatterUpdate(all, places, tf.reshape(step, [places.shape[0], -1])) as tf.Tensor4D;
  return { key: write(cache.key, added.key), value: write(cache.value, added.value) };
}

/**
 * Creates a mask for the positions after each row's prompt: [rows, 1, 1, 1, length], which broadcasts to [rows,
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

import type { TrainingRecipe } from "@mlan/core";
import type { TorchRandom } from "./torch-random.ts";

export interface ModalityGroupsOptions {
  /** Number of words per conversation. Negative for conversations without an image, never 0. */
  readonly lengths: ArrayLike<number>;
  readonly microBatchSize: number;
  /** Number of micro-batches per optimizer step. In the original code, the number of devices. */
  readonly microBatches: number;
  readonly random: TorchRandom;
  /**
   * Whether data of a single modality is grouped by the values in `lengths`, which may be negative, or by their absolute
   * values.
   */
  readonly groupLengths: NonNullable<TrainingRecipe["groupLengths"]>;
}

/**
 * Returns an order in which each step has one modality and each micro-batch has similar lengths, except for a mixed
 * tail (arXiv 2411.10557, `llava/train/llava_trainer.py`, `group_by_modality_length`).
 */
export function modalityGroups(options: ModalityGroupsOptions): readonly number[] {
  const { random, groupLengths, microBatchSize, microBatches } = options;
  const lengths = Array.from(options.lengths);
  const stepSize = microBatchSize * microBatches;
  const all = lengths.map((_, index) => index);
  const withImage = all.filter((index) => lengthAt(lengths, index) > 0);
  const withoutImage = all.filter((index) => lengthAt(lengths, index) < 0);
  const trueLengths = lengths.map(Math.abs);
  if (withImage.length === 0 || withoutImage.length === 0) {
    return lengthGroups(all, groupLengths === "signed" ? lengths : trueLengths, stepSize, microBatches, random);
  }
  const image = chunksOf(lengthGroups(withImage, trueLengths, stepSize, microBatches, random), stepSize);
  const language = chunksOf(lengthGroups(withoutImage, trueLengths, stepSize, microBatches, random), stepSize);
  // The last group of each modality is part of the mixed tail, even if it is full.
  const tail = [...(image.pop() ?? []), ...(language.pop() ?? [])].toSorted((left, right) => left - right);
  const groups = [...image, ...language];
  const shuffled = Array.from(random.permutation(groups.length), (group) => groups[group] ?? []);
  return [...shuffled.flat(), ...tail];
}

function lengthGroups(
  indices: readonly number[],
  lengths: readonly number[],
  stepSize: number,
  microBatches: number,
  random: TorchRandom,
): readonly number[] {
  const order = Array.from(random.permutation(indices.length), (position) => indices[position] ?? 0);
  return chunksOf(order, stepSize).flatMap((group) => {
    const sorted = group.toSorted((left, right) => lengthAt(lengths, right) - lengthAt(lengths, left));
    return balance(sorted, lengths, microBatches).flat();
  });
}

/**
 * Distributes the conversations of a step: each is added to the chunk with the smallest total length that is not full.
 */
function balance(
  sorted: readonly number[],
  lengths: readonly number[],
  chunks: number,
): readonly (readonly number[])[] {
  if (sorted.length % chunks !== 0) {
    return Array.from({ length: chunks }, (_, chunk) => sorted.filter((_index, place) => place % chunks === chunk));
  }
  const size = sorted.length / chunks;
  const open = Array.from({ length: chunks }, () => ({ indices: new Array<number>(), total: 0 }));
  for (const index of sorted) {
    const shortest = open.reduce((best, chunk) => (chunk.total < best.total ? chunk : best));
    shortest.indices.push(index);
    shortest.total = shortest.indices.length === size ? Infinity : shortest.total + lengthAt(lengths, index);
  }
  return open.map((chunk) => chunk.indices);
}

function chunksOf(order: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(order.length / size) }, (_, chunk) =>
    order.slice(chunk * size, (chunk + 1) * size),
  );
}

function lengthAt(lengths: readonly number[], index: number): number {
  return lengths[index] ?? 0;
}

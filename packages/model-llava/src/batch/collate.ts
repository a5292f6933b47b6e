import { type Batch, type BatchShape, counted, type Encoded, MlanError, seededRandom } from "@mlan/core";
import { dropoutRows } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { type LlavaNetwork, positionsPerImage } from "../network/llava-network.ts";
import type { BatchSize } from "../network/training-flops.ts";
import { batchTensors } from "./batch-tensors.ts";
import { inputTensors, type LoadPixels } from "./input-tensors.ts";
import { selection, shiftedTargets } from "./selection.ts";
import { splice } from "./splice.ts";

export interface LlavaBatch extends Batch {
  readonly size: BatchSize;
}

export interface LlavaCollateOptions {
  readonly loadPixels: LoadPixels;
  /** Seed of the adapter's dropout; undefined without dropout. */
  readonly seed: number | undefined;
}

/** Pads training examples to the given shape and inserts their images. Throws `contract` if they do not fit. */
export async function collate(
  network: LlavaNetwork,
  examples: readonly Encoded[],
  { rows, length }: BatchShape,
  { loadPixels, seed }: LlavaCollateOptions,
): Promise<LlavaBatch> {
  const longest = Math.max(0, ...examples.map((example) => example.length));
  if (examples.length > rows || longest > length) {
    throw new MlanError(
      "contract",
      `model-llava: ${counted(examples.length, "conversation")} of up to ${counted(longest, "position")} do not fit in ${counted(rows, "row")} of ${length}.`,
    );
  }
  const spliced = splice(examples, { rows, length, patches: positionsPerImage(network) });
  const targets = shiftedTargets(spliced.labels, length);
  const inputs = await inputTensors(spliced, network.vision?.tower.config, loadPixels);
  const dropout = seed === undefined ? undefined : dropoutOf(network, rows * length, seed);
  const tensors = batchTensors({ inputs: { ...inputs, dropout }, selected: selection(targets, rows * length) });
  const { textPositions: text, imagePositions: image, images } = spliced;
  return {
    counts: { text, image, padding: rows * length - text - image, supervised: targets.length },
    tensors,
    size: { rows, length, images: images.length, supervised: targets.length },
    dispose: () => tf.dispose(Object.values(tensors)),
  };
}

function dropoutOf({ slot }: LlavaNetwork, positions: number, seed: number): tf.Tensor2D | undefined {
  if (!slot.adapter || slot.adapter.dropout === 0) return undefined;
  return tf.tensor2d(dropoutRows(positions, seededRandom(seed).next), [positions, 3]);
}

/** Throws `contract` for a batch that {@link collate} did not make. */
export function sizeOf(batch: Batch): BatchSize {
  if (isLlavaBatch(batch)) return batch.size;
  throw new MlanError("contract", "model-llava: this batch was collated by another model.");
}

function isLlavaBatch(batch: Batch): batch is LlavaBatch {
  return "size" in batch;
}

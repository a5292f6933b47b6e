import { type Batch, type BatchShape, counted, type Encoded, MlanError } from "@mlan/core";
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

/** Pads and splices training examples to the given shape. Throws a `contract` error when they do not fit. */
export async function collate(
  network: LlavaNetwork,
  examples: readonly Encoded[],
  { rows, length }: BatchShape,
  loadPixels: LoadPixels,
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
  const tensors = batchTensors({ inputs, selected: selection(targets, rows * length) });
  const { textPositions: text, imagePositions: image, images } = spliced;
  return {
    counts: { text, image, padding: rows * length - text - image, supervised: targets.length },
    tensors,
    size: { rows, length, images: images.length, supervised: targets.length },
    dispose: () => tf.dispose(Object.values(tensors)),
  };
}

/** Returns the size of a batch made by {@link collate}. Throws `contract` for any other batch. */
export function sizeOf(batch: Batch): BatchSize {
  if (isLlavaBatch(batch)) return batch.size;
  throw new MlanError("contract", "model-llava: this batch was collated by another model.");
}

function isLlavaBatch(batch: Batch): batch is LlavaBatch {
  return "size" in batch;
}

import { type BatchShape, counted, type Encoded, MlanError, type TokenCounts } from "@mlan/core";
import { type LlavaNetwork, positionsPerImage } from "../network/llava-network.ts";
import type { BatchSize } from "../network/training-flops.ts";
import { disposeInputTensors, type InputTensors, inputTensors, type LoadPixels } from "./input-tensors.ts";
import { disposeSelection, type Selection, selection, shiftedTargets } from "./selection.ts";
import { splice } from "./splice.ts";

export interface BatchTensors {
  readonly inputs: InputTensors;
  readonly selected: Selection;
  readonly size: BatchSize;
}

export interface CollatedBatch {
  readonly counts: TokenCounts;
  readonly tensors: BatchTensors;
}

/** Pads and splices training examples to `shape`. Throws a `contract` error when they do not fit in it. */
export async function collate(
  network: LlavaNetwork,
  examples: readonly Encoded[],
  { rows, length }: BatchShape,
  loadPixels: LoadPixels,
): Promise<CollatedBatch> {
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
  const { textPositions: text, imagePositions: image, images } = spliced;
  return {
    counts: { text, image, padding: rows * length - text - image, supervised: targets.length },
    tensors: {
      inputs,
      selected: selection(targets, rows * length),
      size: { rows, length, images: images.length, supervised: targets.length },
    },
  };
}

export function disposeBatchTensors({ inputs, selected }: BatchTensors): void {
  disposeInputTensors(inputs);
  disposeSelection(selected);
}

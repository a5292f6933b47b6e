import { type BatchTensors, MlanError } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import type { InputTensors } from "./input-tensors.ts";
import type { Selection } from "./selection.ts";

export interface LossInputs {
  readonly inputs: InputTensors;
  readonly selected: Selection;
}

/** Returns the tensors of a batch by name; token ids are [rows, length]. Takes ownership of the inputs. */
export function batchTensors({ inputs, selected }: LossInputs): BatchTensors {
  const { rows, length, tokenIds, images, dropout } = inputs;
  const shaped = tf.reshape(tokenIds, [rows, length]);
  tokenIds.dispose();
  return { tokenIds: shaped, ...images, ...selected, ...(dropout && { dropout }) };
}

/**
 * The inverse of {@link batchTensors}, to be called inside `tf.tidy`. Throws `contract` for a batch that is disposed or
 * belongs to another model.
 */
export function lossInputs(tensors: BatchTensors): LossInputs {
  const { tokenIds, patches, sources, positions, targets, weights, dropout } = tensors;
  if (!tokenIds || !positions || !targets || !weights || Object.values(tensors).some(({ isDisposed }) => isDisposed)) {
    throw new MlanError(
      "contract",
      "model-llava: this batch is disposed, or was collated by another model. Collate it again with this model.",
    );
  }
  const [rows = 0, length = 0] = tokenIds.shape;
  const inputs = { rows, length, tokenIds: tf.reshape<tf.Rank.R1>(tokenIds, [rows * length]) };
  const images = patches && sources && { patches: patches as tf.Tensor2D, sources: sources as tf.Tensor1D };
  return {
    inputs: { ...inputs, ...(images && { images }), ...(dropout && { dropout: dropout as tf.Tensor2D }) },
    selected: {
      positions: positions as tf.Tensor1D,
      targets: targets as tf.Tensor2D,
      weights: weights as tf.Tensor1D,
    },
  };
}

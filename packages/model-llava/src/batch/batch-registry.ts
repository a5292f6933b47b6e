import { type Batch, MlanError } from "@mlan/core";
import { type BatchTensors, type CollatedBatch, disposeBatchTensors } from "./collate.ts";

/** Keeps a model's tensors of batches, so that a batch itself shows nothing of them. */
export interface BatchRegistry {
  add(collated: CollatedBatch): Batch;
  /** Throws a `contract` error for batches that are disposed or belong to another model. */
  tensorsOf(batch: Batch): BatchTensors;
}

export function batchRegistry(): BatchRegistry {
  const known = new WeakMap<Batch, BatchTensors>();
  return {
    add({ counts, tensors }) {
      const dispose = (): void => {
        if (known.delete(batch)) disposeBatchTensors(tensors);
      };
      const batch: Batch = { counts, dispose };
      known.set(batch, tensors);
      return batch;
    },
    tensorsOf(batch) {
      const tensors = known.get(batch);
      if (tensors) return tensors;
      throw new MlanError("contract", "model-llava: this batch is disposed, or was collated by another model.");
    },
  };
}

import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * Number of positions in a batch, by kind. A position is one element of the sequence that the model reads: a token, or
 * a patch of an image. `text`, `image` and `padding` add up to rows x length; `supervised` is part of `text`.
 */
export interface TokenCounts {
  readonly text: number;
  readonly image: number;
  readonly padding: number;
  readonly supervised: number;
}

/** Tensors by name; the model chooses the names. */
export type BatchTensors = Readonly<Record<string, Tensor>>;

/** The conversations of one forward and backward pass. Only the model interprets the tensors. */
export interface Batch {
  readonly counts: TokenCounts;
  /** All inputs of {@link TrainableModel.loss}. */
  readonly tensors: BatchTensors;
  dispose(): void;
}

export interface CollateOptions {
  /** Seed for dropout and other random operations of training. Default: no random operations. */
  readonly seed?: number;
}

export interface BatchShape {
  /** Number of rows. Rows beyond the number of examples are padding, so that batches have few different shapes. */
  readonly rows: number;
  /** Positions per row; at least the length of the longest example. */
  readonly length: number;
}

import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * Numbers of positions in a batch, by kind. `text`, `image` and `padding` add up to rows x length; `supervised` is part
 * of `text`.
 */
export interface TokenCounts {
  readonly text: number;
  readonly image: number;
  readonly padding: number;
  readonly supervised: number;
}

/** Tensors by name; the model chooses the names. */
export type BatchTensors = Readonly<Record<string, Tensor>>;

/** The conversations of one forward and backward pass as tensors, which only the model interprets. */
export interface Batch {
  readonly counts: TokenCounts;
  /** Everything that the batch's loss depends on. */
  readonly tensors: BatchTensors;
  /** Frees all tensors of the batch. */
  dispose(): void;
}

export interface CollateOptions {
  /** Seed of the random operations of training, such as dropout. Default: none is applied. */
  readonly seed?: number;
}

export interface BatchShape {
  /** Number of rows. Rows without an example are padding, so that few shapes need to be compiled. */
  readonly rows: number;
  /** Positions per row; at least the length of the longest example. */
  readonly length: number;
}

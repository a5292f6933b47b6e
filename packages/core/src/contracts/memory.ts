import type { AdapterOptions } from "./adapter.ts";
import type { Prompt } from "./benchmark.ts";
import type { Component } from "./model.ts";
import type { TrainingRecipe } from "./trainer.ts";

/** Predicted peak memory of a stage, in bytes. */
export interface MemoryEstimate {
  /** Bytes by purpose, e.g. "weights" or "activations". */
  readonly parts: Readonly<Record<string, number>>;
  readonly total: number;
  /**
   * Bytes of the total that are results of operations, such as activations, rather than weights or the optimizer's state.
   * Default 0.
   */
  readonly computed?: number;
}

/** The sizes that determine the memory of a training step. */
export interface TrainingShape {
  readonly trained: readonly Component[];
  readonly adapter?: AdapterOptions;
  /** Number of conversations per forward and backward pass. */
  readonly rows: number;
  /** Number of positions of the longest row, including image positions. All rows are padded to this length. */
  readonly length: number;
  /** Number of images per forward and backward pass. */
  readonly images: number;
  /** Number of supervised positions per forward and backward pass. */
  readonly supervised: number;
  /** Number of forward and backward passes per optimizer step. */
  readonly microBatches: number;
  readonly gradientCheckpointing: boolean;
  /** Whether the compute backend keeps memory for all gradients from step to step. Default false. */
  readonly keepsGradients?: boolean;
  readonly momentPrecision: NonNullable<TrainingRecipe["momentPrecision"]>;
  /** One of {@link ModelMemory.weightFormats}. */
  readonly weightFormat: string;
}

/** The sizes that determine the memory of answering questions. */
export interface AnsweringShape {
  /** Number of questions per batch. */
  readonly rows: number;
  /** Number of positions of the longest prompt, including image positions. */
  readonly length: number;
  /** Number of images per batch. */
  readonly images: number;
  readonly newTokens: number;
  /** The adapter, if it is kept separate from the weights. Default: none. */
  readonly adapter?: AdapterOptions;
  /** One of {@link ModelMemory.weightFormats}. */
  readonly weightFormat: string;
}

/** The memory and disk space that a model needs, predicted before the model is loaded. */
export interface ModelMemory {
  readonly weightFormat: string;
  /** All weight formats that the model supports, the largest first. */
  readonly weightFormats: readonly string[];
  readonly batchSize: number;
  /** Size of the files that opening the model writes next to its weights, in bytes. */
  readonly fileBytes: number;
  /** Predicts the memory of a training step. Throws the errors of training. */
  training(shape: TrainingShape): MemoryEstimate;
  answering(shape: AnsweringShape): MemoryEstimate;
  /** Returns the number of positions of a prompt before truncation, including image positions. */
  promptLength(prompt: Prompt, images: number): number;
}

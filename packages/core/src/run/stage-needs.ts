import type { AnsweringShape, MemoryEstimate, TrainingShape } from "../contracts/memory.ts";
import type { TrainingNeeds } from "../contracts/trainer.ts";

/** The resources that a stage needs, predicted before the model is loaded. */
export interface StageNeeds {
  /** Number of parameters. */
  readonly parameters: { readonly trained: number; readonly frozen: number };
  /** Present if the stage trains. */
  readonly training?: TrainingSize;
  /** The batch that needs the most memory. Present if the stage evaluates. */
  readonly answering?: { readonly shape: AnsweringShape; readonly questions: number };
  /** Predicted peak memory of all tensors. */
  readonly memory: MemoryEstimate;
  /** Returns the memory required with other settings, fewest changes first. */
  changes(): readonly Change[];
}

interface TrainingSize {
  readonly shape: TrainingShape;
  readonly conversations: number;
  /** The checkpoints, the number of steps, and whether activations are recomputed. */
  readonly needs: TrainingNeeds;
  readonly cost: TrainingCost;
}

/** The predicted cost of a training stage over all steps, without padding. */
export interface TrainingCost {
  /** Number of positions, including those of images, from the mean of a sample of conversations. */
  readonly positions: number;
  /**
   * Floating-point operations, by the usual rule of two per parameter and position for each pass: forward, backward to the
   * inputs, and backward to the weights that are trained.
   */
  readonly flops: number;
}

/** Other settings of a stage, and the memory that the stage needs with them. */
export interface Change {
  /** The settings as a user writes them, e.g. `microBatchSize: 2` in the recipe. */
  readonly settings: readonly string[];
  readonly memory: MemoryEstimate;
}

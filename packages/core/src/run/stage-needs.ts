import type { AnsweringShape, MemoryEstimate, TrainingShape } from "../contracts/memory.ts";
import type { TrainingNeeds } from "../contracts/trainer.ts";

/** The resources that a stage needs, as predicted before the model is loaded. */
export interface StageNeeds {
  /** Number of parameters. */
  readonly parameters: { readonly trained: number; readonly frozen: number };
  /** Absent unless the stage trains. */
  readonly training?: TrainingSize;
  /** The batch that needs the most memory. Absent unless the stage evaluates. */
  readonly answering?: { readonly shape: AnsweringShape; readonly questions: number };
  /** Predicted peak memory of all tensors. */
  readonly memory: MemoryEstimate;
  /** Computes what the stage needs with other settings, those with the fewest changes first. */
  changes(): readonly Change[];
}

interface TrainingSize {
  readonly shape: TrainingShape;
  readonly conversations: number;
  /** The checkpoints, the number of steps, and how they are computed. */
  readonly needs: TrainingNeeds;
}

/** Different settings of a stage, and the memory that it then needs. */
export interface Change {
  /** The settings as a user writes them, e.g. `microBatchSize: 2` in the recipe. */
  readonly settings: readonly string[];
  readonly memory: MemoryEstimate;
}

import type { AnsweringShape, MemoryEstimate, TrainingShape } from "../contracts/memory.ts";
import type { TrainingNeeds } from "../contracts/trainer.ts";

/** What a stage needs, as predicted before the model is loaded. */
export interface StageNeeds {
  /** Numbers of parameter values. */
  readonly parameters: { readonly trained: number; readonly frozen: number };
  /** Absent unless the stage trains. */
  readonly training?: TrainingSize;
  /** The batch that needs the most memory. Absent unless the stage evaluates. */
  readonly answering?: { readonly shape: AnsweringShape; readonly questions: number };
  /** Peak memory of all tensors. */
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

/** A setting of a stage, and what the stage then needs. */
export interface Change {
  /** The settings as they are written, e.g. `microBatchSize: 2` of the recipe. */
  readonly settings: readonly string[];
  readonly memory: MemoryEstimate;
}

import type { DeviceUse } from "./compute.ts";
import type { Conversation } from "./conversation.ts";
import type { Dataset } from "./dataset.ts";
import type {
  Component,
  ConversationFormat,
  EncodeOptions,
  ModelInspection,
  TokenCounts,
  TrainableModel,
} from "./model.ts";

/** Everything that decides what one training stage does, apart from model, data and seed. */
export interface TrainingRecipe {
  /** The components that learn; the others are frozen. */
  readonly trained: readonly Component[];
  readonly format: ConversationFormat;
  /** Conversations per optimiser step. */
  readonly batchSize: number;
  /** Conversations per forward and backward pass; divides `batchSize`. */
  readonly microBatchSize: number;
  readonly epochs: number;
  /** Ends earlier than `epochs` would; the learning rate schedule ends with it. */
  readonly maximumSteps?: number;
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Share of the steps in which the learning rate rises linearly; then it falls as a half cosine to 0. */
  readonly warmupRatio: number;
  readonly weightDecay: number;
  /** Global gradient norm above which gradients are scaled down; absent: never. */
  readonly maximumGradientNorm?: number;
  /** Batches hold conversations of one modality and similar length, as in the original code. */
  readonly groupByModality: boolean;
  /**
   * What has equal weight in a step's loss. `micro-batch` (default): each micro-batch, so that the loss is the mean of their
   * means, as in the original code. `position`: each supervised position of the step; conversations without one are then
   * left out of the training.
   */
  readonly lossWeighting?: "micro-batch" | "position";
  /**
   * By which lengths `groupByModality` groups data without any image: `signed` (default), the original code's negative
   * ones, or `absolute`.
   */
  readonly groupLengths?: "signed" | "absolute";
  /** Where the answers of a conversation are found. Default `text`, as in the original code. */
  readonly answerSpans?: EncodeOptions["answerSpans"];
  /** Steps between checkpoints; the last step always leaves one. */
  readonly checkpointEvery: number;
}

export interface TrainRun {
  readonly model: TrainableModel;
  readonly data: Dataset<Conversation>;
  readonly recipe: TrainingRecipe;
  readonly seed: number;
  /**
   * Holds this stage's checkpoints, each a folder `step-<number>` whose `checksums.json` lists its files; only these are
   * removed when a run is replaced. When it already does, training resumes from the newest and ends with the
   * same bits as if it had never been interrupted. Ends in a slash.
   */
  readonly folder: URL;
  readonly signal?: AbortSignal;
}

export interface Trainer {
  readonly specVersion: 1;
  readonly name: string;
  /** The caller logs, stops (by `break` or `signal`) and plots. When it ends, the model is trained. */
  train(run: TrainRun): AsyncIterable<TrainEvent>;
  /**
   * Checks a training that has not begun, as a run does before its first stage. Throws `invalid-options` for a recipe
   * that cannot be followed. Returns what it needs of the disk.
   */
  check?(training: PlannedTraining): TrainingNeeds;
}

/** A training as it is known before the model is loaded. */
export interface PlannedTraining {
  readonly recipe: TrainingRecipe;
  /** Conversations in the data. */
  readonly conversations: number;
  /** Values in the model's parameters, by component; absent when the model cannot tell before it is loaded. */
  readonly parameters?: ModelInspection["parameters"];
}

export interface TrainingNeeds {
  /** The most bytes that checkpoints take at any time. */
  readonly peakBytes: number;
  /** Bytes of the checkpoints that stay when training has ended. */
  readonly keptBytes: number;
}

export type TrainEvent = TrainStartEvent | StepEndEvent | CheckpointSavedEvent | TrainEndEvent;

export interface TrainStartEvent {
  readonly type: "train-start";
  /** Optimiser steps that are already done (0 unless resumed). */
  readonly stepsDone: number;
  readonly steps: number;
  readonly dataFingerprint: string;
  /** Conversations from which nothing is learned, with the reason of the first few. */
  readonly unsupervised: readonly string[];
  /**
   * The steps that are already done, as the checkpoint recorded them: `stepsDone` of them, which take the place of
   * whatever was logged of this stage before. Absent when the checkpoint does not have them.
   */
  readonly history?: readonly StepEndEvent[];
  /** What the user should know before the steps begin, one sentence each. Default: nothing. */
  readonly warnings?: readonly string[];
}

export interface StepEndEvent {
  readonly type: "step-end";
  /** 1-based. */
  readonly step: number;
  readonly steps: number;
  /** Mean cross-entropy in nats before this step's update. */
  readonly loss: number;
  /** The rate this step's update used. */
  readonly learningRate: number;
  readonly counts: TokenCounts;
  readonly flops: number;
  readonly seconds: number;
  /** What the step took of the device, where the compute counts it. */
  readonly device?: DeviceUse;
}

export interface CheckpointSavedEvent {
  readonly type: "checkpoint-saved";
  readonly step: number;
  /** What {@link TrainableModel.load} reads; the trainer keeps its own state beside it. */
  readonly folder: URL;
}

export interface TrainEndEvent {
  readonly type: "train-end";
  readonly steps: number;
  /** The final checkpoint, for {@link TrainableModel.load}. */
  readonly folder: URL;
}

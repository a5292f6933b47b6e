import type { AdapterOptions } from "./adapter.ts";
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

/** Everything that decides what one training stage does, except model, data and seed. */
export interface TrainingRecipe {
  /** The components that learn; the others are frozen. */
  readonly trained: readonly Component[];
  /** The adapter that the component "adapter" is. */
  readonly adapter?: AdapterOptions;
  readonly format: ConversationFormat;
  /** Conversations per optimiser step. */
  readonly batchSize: number;
  /** Conversations per forward and backward pass; divides `batchSize`. */
  readonly microBatchSize: number;
  readonly epochs: number;
  /** Stops training before `epochs` is reached; the learning rate schedule is shortened to match. */
  readonly maximumSteps?: number;
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Peak learning rates of components that have another one. */
  readonly learningRates?: Readonly<Partial<Record<Component, number>>>;
  /** Share of the steps in which the learning rate rises linearly; it then decays as a half cosine to 0. */
  readonly warmupRatio: number;
  readonly weightDecay: number;
  /** Global gradient norm above which gradients are scaled down. Absent: no clipping. */
  readonly maximumGradientNorm?: number;
  /** Batches hold conversations of one modality and similar length, as in the original code. */
  readonly groupByModality: boolean;
  /**
   * What has equal weight in a step's loss. `micro-batch` (default): each micro-batch, so that the loss is the mean of
   * their means, as in the original code. `position`: each supervised position of the step; conversations without one
   * are left out of the training.
   */
  readonly lossWeighting?: "micro-batch" | "position";
  /**
   * The lengths by which `groupByModality` groups data without any image: `signed` (default), negative as in the
   * original code, or `absolute`.
   */
  readonly groupLengths?: "signed" | "absolute";
  /** How the answers of a conversation are found. Default `text`, as in the original code. */
  readonly answerSpans?: EncodeOptions["answerSpans"];
  /** Steps between checkpoints; the last step always saves one. */
  readonly checkpointEvery: number;
}

export interface TrainRun {
  readonly model: TrainableModel;
  readonly data: Dataset<Conversation>;
  readonly recipe: TrainingRecipe;
  readonly seed: number;
  /**
   * The folder of this stage's checkpoints; its URL ends in a slash. Each checkpoint is a folder `step-<number>` whose
   * `checksums.json` lists its files; only these are removed when a run is replaced. When there are checkpoints
   * already, training resumes from the newest and its result is bit-identical to that of an uninterrupted training.
   */
  readonly folder: URL;
  readonly signal?: AbortSignal;
}

export interface Trainer {
  readonly specVersion: 1;
  readonly name: string;
  /** The caller logs, plots and may stop it (with `break` or `signal`). When it ends, the model is trained. */
  train(run: TrainRun): AsyncIterable<TrainEvent>;
  /**
   * Checks a training before it begins; a run calls this before its first stage. Throws `invalid-options` for a recipe
   * that cannot be carried out. Returns the disk space it needs.
   */
  check?(training: PlannedTraining): TrainingNeeds;
}

/** What is known about a training before the model is loaded. */
export interface PlannedTraining {
  readonly recipe: TrainingRecipe;
  /** Conversations in the data. */
  readonly conversations: number;
  /** Number of parameter values by component; absent when unknown before the model is loaded. */
  readonly parameters?: ModelInspection["parameters"];
  /** The components in its checkpoints. Default: all. */
  readonly stored?: readonly Component[];
}

export interface TrainingNeeds {
  /** The most bytes that checkpoints take at any one time. */
  readonly peakBytes: number;
  /** Bytes of the checkpoints that remain when training has ended. */
  readonly keptBytes: number;
}

export type TrainEvent = TrainStartEvent | StepEndEvent | CheckpointSavedEvent | TrainEndEvent;

export interface TrainStartEvent {
  readonly type: "train-start";
  /** Optimiser steps that are already done (0 unless resumed). */
  readonly stepsDone: number;
  readonly steps: number;
  readonly dataFingerprint: string;
  /** Conversations from which nothing is learned, the first few with the reason. */
  readonly unsupervised: readonly string[];
  /**
   * The `stepsDone` steps as the checkpoint recorded them; they replace whatever was logged for this stage before.
   * Absent when the checkpoint does not record them.
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
  /** The learning rate of this step's update, for components that have no other one. */
  readonly learningRate: number;
  readonly counts: TokenCounts;
  readonly flops: number;
  readonly seconds: number;
  /** The step's use of the device, where the compute counts it. */
  readonly device?: DeviceUse;
}

export interface CheckpointSavedEvent {
  readonly type: "checkpoint-saved";
  readonly step: number;
  /** Read by {@link TrainableModel.load}; the trainer keeps its own state beside it. */
  readonly folder: URL;
}

export interface TrainEndEvent {
  readonly type: "train-end";
  readonly steps: number;
  /** The final checkpoint, for {@link TrainableModel.load}. */
  readonly folder: URL;
}

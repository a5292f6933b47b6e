import type { AdapterOptions } from "./adapter.ts";
import type { DeviceUse } from "./compute.ts";
import type { RecipeFormat } from "./conversation-format.ts";
import type { Conversation } from "./conversation.ts";
import type { Dataset } from "./dataset.ts";
import type { TokenCounts } from "./batch.ts";
import type { Component, EncodeOptions, ModelInspection, TrainableModel } from "./model.ts";

/** Everything that determines what a training stage does, except model, data and seed. */
export interface TrainingRecipe {
  /** The components to train; the others are frozen. */
  readonly trained: readonly Component[];
  /** The options of the adapter; required when `trained` contains "adapter". */
  readonly adapter?: AdapterOptions;
  readonly format: RecipeFormat;
  /** Number of conversations per optimiser step. */
  readonly batchSize: number;
  /** Number of conversations per forward and backward pass; divides `batchSize`. */
  readonly microBatchSize: number;
  readonly epochs: number;
  /** Stops training before `epochs` is reached; the learning rate schedule is shortened to match. */
  readonly maximumSteps?: number;
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Peak learning rates of components whose peak differs from `learningRate`. */
  readonly learningRates?: Readonly<Partial<Record<Component, number>>>;
  /**
   * Share of the steps during which the learning rate rises linearly to its peak; it then decays as a half cosine to 0.
   */
  readonly warmupRatio: number;
  readonly weightDecay: number;
  /**
   * How the two moments of AdamW are stored. Default "float32", 8 bytes per trained parameter for both. "bfloat16"
   * takes 4 bytes; "int8" takes 2, with a scale for each 256 values. Both round the moments stochastically, in the same way
   * in each run.
   */
  readonly momentPrecision?: "float32" | "bfloat16" | "int8";
  /** Global gradient norm to which larger gradients are scaled down. Absent: no clipping. */
  readonly maximumGradientNorm?: number;
  /** Whether each batch contains conversations of one modality and similar length, as in the original code. */
  readonly groupByModality: boolean;
  /**
   * What has equal weight in a step's loss. `micro-batch` (default): each micro-batch, so that the loss is the mean of
   * the micro-batches' mean losses, as in the original code. `position`: each supervised position; conversations
   * without supervised positions are then left out of training.
   */
  readonly lossWeighting?: "micro-batch" | "position";
  /**
   * The lengths by which `groupByModality` sorts data without any image: `signed` (default) are negative, as in the
   * original code; `absolute` are positive.
   */
  readonly groupLengths?: "signed" | "absolute";
  /** How the answers in a conversation are located. Default `text`, as in the original code. */
  readonly answerSpans?: EncodeOptions["answerSpans"];
  /** Number of steps between checkpoints; a checkpoint is always saved after the last step. */
  readonly checkpointEvery: number;
}

export interface TrainRun {
  readonly model: TrainableModel;
  readonly data: Dataset<Conversation>;
  readonly recipe: TrainingRecipe;
  readonly seed: number;
  /**
   * The folder of this stage's checkpoints; its URL ends in a slash. Each checkpoint is a folder `step-<number>` whose
   * `checksums.json` lists its files; only listed files are removed when a run is replaced. If there are checkpoints,
   * training resumes from the newest one, and its result is bit-identical to that of uninterrupted training.
   */
  readonly folder: URL;
  readonly signal?: AbortSignal;
}

export interface Trainer {
  readonly specVersion: 1;
  readonly name: string;
  /** Trains the model and yields an event per step. The caller may stop it with `break` or `signal`. */
  train(run: TrainRun): AsyncIterable<TrainEvent>;
  /**
   * Checks a planned training stage; a run calls this before its first stage. Throws `invalid-options` for a recipe
   * that cannot be carried out. Returns the disk space that the stage needs.
   */
  check?(training: PlannedTraining): TrainingNeeds;
}

/** What is known about a training stage before the model is loaded. */
export interface PlannedTraining {
  readonly recipe: TrainingRecipe;
  /** Number of conversations in the data. */
  readonly conversations: number;
  /** Number of parameters by component; absent when unknown before the model is loaded. */
  readonly parameters?: ModelInspection["parameters"];
  /** The components that the stage's checkpoints contain. Default: all. */
  readonly stored?: readonly Component[];
}

export interface TrainingNeeds {
  /** Size of the checkpoints at their peak during training, in bytes. */
  readonly peakBytes: number;
  /** Size of the checkpoints that remain after training, in bytes. */
  readonly keptBytes: number;
  /** Number of optimiser steps. Absent when unknown. */
  readonly steps?: number;
  /** Whether activations are recomputed in the backward pass instead of being kept. Default false. */
  readonly gradientCheckpointing?: boolean;
}

export type TrainEvent = TrainStartEvent | StepEndEvent | CheckpointSavedEvent | TrainEndEvent;

export interface TrainStartEvent {
  readonly type: "train-start";
  /** Number of optimiser steps that are already done; 0 unless training was resumed. */
  readonly stepsDone: number;
  readonly steps: number;
  readonly dataFingerprint: string;
  /** Conversations without supervised positions: the first few of them, each with the reason. */
  readonly unsupervised: readonly string[];
  /**
   * The first `stepsDone` steps as recorded in the checkpoint; they replace the steps logged for this stage. Absent
   * when the checkpoint does not record them.
   */
  readonly history?: readonly StepEndEvent[];
  /** Warnings for the user, one sentence each. Default: none. */
  readonly warnings?: readonly string[];
}

export interface StepEndEvent {
  readonly type: "step-end";
  /** 1-based. */
  readonly step: number;
  readonly steps: number;
  /** Mean cross-entropy in nats, before this step's update. */
  readonly loss: number;
  /** The learning rate of this step's update, for components without an entry in `learningRates`. */
  readonly learningRate: number;
  readonly counts: TokenCounts;
  readonly flops: number;
  readonly seconds: number;
  /** Use of the device during the step. Absent when the compute does not measure it. */
  readonly device?: DeviceUse;
}

export interface CheckpointSavedEvent {
  readonly type: "checkpoint-saved";
  readonly step: number;
  /** The checkpoint, for {@link TrainableModel.load}. The trainer's state is stored next to it. */
  readonly folder: URL;
}

export interface TrainEndEvent {
  readonly type: "train-end";
  readonly steps: number;
  /** The final checkpoint, for {@link TrainableModel.load}. */
  readonly folder: URL;
}

import type { AdapterOptions } from "./adapter.ts";
import type { DeviceUse } from "./compute.ts";
import type { RecipeFormat } from "./conversation-format.ts";
import type { Conversation } from "./conversation.ts";
import type { Dataset } from "./dataset.ts";
import type { TokenCounts } from "./batch.ts";
import type { Component, EncodeOptions, ModelInspection, TrainableModel } from "./model.ts";

/** The settings that determine the result of a training stage, together with model, data and seed. */
export interface TrainingRecipe {
  /** The components to train. All others are frozen. */
  readonly trained: readonly Component[];
  /** The options of the adapter; required when `trained` contains "adapter". */
  readonly adapter?: AdapterOptions;
  readonly format: RecipeFormat;
  /** Number of conversations per optimizer step. */
  readonly batchSize: number;
  /** Number of conversations per forward and backward pass; divides `batchSize`. */
  readonly microBatchSize: number;
  readonly epochs: number;
  /** Maximum number of steps, even if `epochs` would need more. The learning rate schedule is shortened to match. */
  readonly maximumSteps?: number;
  readonly learningRate: number;
  /** Peak learning rates by component. Default: `learningRate`. */
  readonly learningRates?: Readonly<Partial<Record<Component, number>>>;
  /**
   * Share of the steps in which the learning rate rises linearly to its peak. The learning rate then decays to 0 along
   * a half cosine.
   */
  readonly warmupRatio: number;
  readonly weightDecay: number;
  /**
   * How the two moments of AdamW are stored. "float32" (default) takes 8 bytes per trained parameter for both moments.
   * "bfloat16" takes 4 bytes, and "int8" takes 2, with a scale per 256 values; the rounding is stochastic and
   * reproducible.
   */
  readonly momentPrecision?: "float32" | "bfloat16" | "int8";
  /** Larger gradients are scaled down to this global norm. Default: no clipping. */
  readonly maximumGradientNorm?: number;
  /** Whether each batch contains conversations of one modality and similar length, as in the original code. */
  readonly groupByModality: boolean;
  /**
   * How the losses of a step are averaged. `micro-batch` (default): the mean of the micro-batches' mean losses, as in
   * the original code. `position`: the mean over all supervised positions; conversations without supervised positions
   * are then left out of training.
   */
  readonly lossWeighting?: "micro-batch" | "position";
  /**
   * How `groupByModality` sorts data without any image: `absolute` by length, `signed` (default) by negative length, as
   * in the original code.
   */
  readonly groupLengths?: "signed" | "absolute";
  /** How the answers in a conversation are located. Default `text`, as in the original code. */
  readonly answerSpans?: EncodeOptions["answerSpans"];
  /** Number of steps between checkpoints. The last step always saves a checkpoint. */
  readonly checkpointEvery: number;
}

export interface TrainRun {
  readonly model: TrainableModel;
  readonly data: Dataset<Conversation>;
  readonly recipe: TrainingRecipe;
  readonly seed: number;
  /**
   * The folder of this stage's checkpoints; its URL ends in a slash. Each checkpoint is a folder `step-<number>` with a
   * `checksums.json` that lists its files. Replacing a run removes only listed files. Training resumes from the newest
   * checkpoint, with a result that is bit-identical to that of uninterrupted training.
   */
  readonly folder: URL;
  readonly signal?: AbortSignal;
}

export interface Trainer {
  readonly specVersion: 1;
  readonly name: string;
  /** Trains the model and yields an event per step. `break` and `signal` stop the training. */
  train(run: TrainRun): AsyncIterable<TrainEvent>;
  /**
   * Checks a planned training stage; a run calls `check` before its first stage. Returns the disk space that the stage
   * needs. Throws `invalid-options` for a recipe that cannot be carried out.
   */
  check?(training: PlannedTraining): TrainingNeeds;
}

/** What is known about a training stage before the model is loaded. */
export interface PlannedTraining {
  readonly recipe: TrainingRecipe;
  readonly conversations: number;
  /** Number of parameters by component. Absent when unknown before the model is loaded. */
  readonly parameters?: ModelInspection["parameters"];
  /** The components that the stage's checkpoints contain. Default: all. */
  readonly stored?: readonly Component[];
}

export interface TrainingNeeds {
  /** Size of the checkpoints at their peak during training, in bytes. */
  readonly peakBytes: number;
  /** Size of the checkpoints that remain after training, in bytes. */
  readonly keptBytes: number;
  /** Number of optimizer steps. Absent when unknown. */
  readonly steps?: number;
  /** Whether activations are recomputed in the backward pass instead of being kept. Default false. */
  readonly gradientCheckpointing?: boolean;
}

export type TrainEvent = TrainStartEvent | StepEndEvent | CheckpointSavedEvent | TrainEndEvent;

export interface TrainStartEvent {
  readonly type: "train-start";
  /** Number of optimizer steps already completed; 0 unless training was resumed. */
  readonly stepsDone: number;
  readonly steps: number;
  readonly dataFingerprint: string;
  /** The first few conversations without supervised positions, each with the reason. */
  readonly unsupervised: readonly string[];
  /**
   * The first `stepsDone` steps, as recorded in the checkpoint. They replace the stage's logged steps. Absent when the
   * checkpoint does not record them.
   */
  readonly history?: readonly StepEndEvent[];
  /** Warnings for the user, one sentence each. Default: none. */
  readonly warnings?: readonly string[];
}

export interface StepEndEvent {
  readonly type: "step-end";
  /** Counted from 1. */
  readonly step: number;
  readonly steps: number;
  /** Mean cross-entropy in nats, before the update of this step. */
  readonly loss: number;
  /** The learning rate of this step, for components without an entry in `learningRates`. */
  readonly learningRate: number;
  /**
   * The loss of each dataset in the step, by the dataset's name, if the data consists of several datasets. Several
   * datasets with the same name are numbered, e.g. "stories (2)". Absent for a single dataset, and if the model does
   * not return the losses of single rows.
   */
  readonly sources?: Readonly<Record<string, SourceLoss>>;
  readonly counts: TokenCounts;
  readonly flops: number;
  readonly seconds: number;
  /** Use of the device during the step. Absent when the compute backend does not measure it. */
  readonly device?: DeviceUse;
}

export interface SourceLoss {
  /** Mean cross-entropy over the supervised positions, in nats. */
  readonly loss: number;
  /** Number of supervised positions, at least 1. */
  readonly supervised: number;
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

import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs-core";
import type { AdapterOptions } from "./adapter.ts";
import type { Prompt } from "./benchmark.ts";
import type { Conversation, ImageReference } from "./conversation.ts";
import type { Content } from "./content.ts";
import type { OpenOptions } from "./dataset.ts";
import type { Generation, GenerationOptions, GenerationRequest } from "./generation.ts";
import type { Wording } from "./wording.ts";
import { MlanError } from "../errors.ts";

/** The parts of a multimodal model, each frozen or trained as a whole; an adapter is one that a recipe adds. */
export type Component = "language" | "projector" | "vision" | "adapter";

/** How conversations become tokens and images become pixels; stored with every checkpoint. */
export interface ConversationFormat {
  /** The model's name for a conversation template, e.g. "plain" (alignment) or "v1" (tuning). */
  readonly template: string;
  /** `pad` makes images square with the mean colour; `square` leaves them to the centre crop. */
  readonly imageAspectRatio: "pad" | "square";
  /** Positions after which a conversation is truncated, image positions included. */
  readonly maximumLength: number;
}

/** A model that is not loaded yet. */
export interface ModelSource {
  readonly specVersion: 1;
  readonly name: string;
  /**
   * Reads the weights. `seed` initialises parts that the checkpoint lacks (a fresh projector).
   * Throws `invalid-checkpoint` errors that name the file and what is wrong with it.
   */
  open(options?: OpenModelOptions): Promise<Model>;
  /**
   * Checks everything that `open` needs without loading it; a run calls this before its first stage. Throws the errors
   * that `open` would throw for files that are missing, truncated or do not belong together. When absent, a run does
   * not notice that the weights changed between two starts.
   */
  inspect?(options?: OpenOptions): Promise<ModelInspection>;
  /**
   * Writes the model as a whole into another folder, without loading it at once. `options` are the model's own, such as
   * the layout. Throws the errors of `open`, and `invalid-options`. Absent: it cannot be exported.
   */
  export?(folder: URL, options?: Readonly<Record<string, unknown>>): Promise<void>;
  /** True for a model that can be asked and not trained; an experiment with training stages is refused before it runs. */
  readonly answersOnly?: boolean;
}

/** A source whose model can be trained. */
export interface TrainableModelSource extends ModelSource {
  open(options?: OpenModelOptions): Promise<TrainableModel>;
}

/** What is known about a model before it is loaded. */
export interface ModelInspection {
  /** Everything on disk that decides what the model answers: configuration, tokenizer and weights. */
  readonly content: Content;
  /**
   * What a user should know about how the files were read, such as weights that are not used: a sentence each, without a
   * full stop. Default none.
   */
  readonly notices?: readonly string[];
  /** Number of parameter values in each component of the model. */
  readonly parameters: Readonly<Partial<Record<Component, number>>>;
  /**
   * The components that a checkpoint of {@link SaveModelOptions.trainedOnly} holds whether they were trained or not,
   * besides those that were. Absent: all.
   */
  readonly alwaysSaved?: readonly Component[];
  /** Whether it reads images; absent when unknown before it is loaded. */
  readonly readsImages?: boolean;
  /**
   * Checks the header of an image file without decoding it. Throws `invalid-data`, naming the image, for a format that
   * the model does not read.
   */
  checkImage?(image: ImageReference, bytes: Uint8Array): void;
  /** How the model is asked in a format; default: its checkpoint's. Absent when unknown. */
  wording?(format?: ConversationFormat): Wording;
  /** Throws `invalid-options` for a format that the model will not take, such as a template that it does not know. */
  checkFormat?(format: ConversationFormat): void;
  /** Throws `invalid-options` where {@link TrainableModel.learn} would for these components. */
  checkLearning?(components: readonly Component[]): void;
  /** Number of parameter values of an adapter. Throws where {@link TrainableModel.adapt} would. */
  adapterParameters?(adapter: AdapterOptions): number;
  /** Like {@link TrainableModel.encode} once the model has that format. */
  encode?(conversation: Conversation, format: ConversationFormat, options?: EncodeOptions): Encoded;
}

export interface OpenModelOptions extends OpenOptions {
  readonly seed?: number;
}

/** What an evaluation needs: a model that answers, on this machine or behind an API. */
export interface Model {
  readonly specVersion: 1;
  readonly name: string;
  /** Identifies architecture, tokenizer and format. The weights, which training changes, are not part of it. */
  readonly fingerprint: string;
  /** How it expects to be asked, in its current format if it has one. */
  readonly wording: Wording;
  /** The most positions of a prompt and its answer together. Absent: not known. */
  readonly maximumPositions?: number;
  /**
   * Answers, in the order in which they finish; greedy unless a request says otherwise. Throws an {@link MlanError} naming
   * the request when its logits are NaN or infinite, or when its options are out of range.
   */
  generate(requests: readonly GenerationRequest[], options?: GenerationOptions): AsyncIterable<Generation>;
  /**
   * Log-probabilities of given continuations, in the order of the requests. Throws like `generate` unless they are
   * finite, and `unavailable` when the model cannot score.
   */
  score(requests: readonly ScoreRequest[], options?: GenerationOptions): Promise<readonly Score[]>;
  /** Frees all tensors. */
  dispose(): void;
}

export interface EncodeOptions {
  /**
   * How the answers of a conversation are found. `text` (default): in the rendered text, as the original code of arXiv
   * 2411.10557 does; when a turn contains the template's own words or a special token, nothing or too much is learned,
   * and {@link Encoded.problem} says which. `turns`: each turn is encoded as plain text and exactly the answers are
   * learned. The original learns all answers, so a conversation with a turn that is not learned is always encoded by
   * `turns`.
   */
  readonly answerSpans?: "text" | "turns";
}

/** What a model needs to train on one conversation. */
export interface Encoded {
  readonly id: string;
  /** Token ids; each image is one negative placeholder id. */
  readonly inputIds: Int32Array;
  /** Same length as `inputIds`; -100 where nothing is learned. */
  readonly labels: Int32Array;
  readonly images: readonly ImageReference[];
  /** Positions once image features have replaced the placeholders. */
  readonly length: number;
  /** Positions that are learned. */
  readonly supervised: number;
  /**
   * Why nothing is learned from this conversation (`supervised` is then 0), or why something other than its answers is;
   * absent otherwise.
   */
  readonly problem?: string;
}

export interface ScoreRequest {
  readonly id: string;
  readonly prompt: Prompt;
  readonly images: readonly ImageReference[];
  readonly continuation: string;
}

export interface Score {
  readonly id: string;
  /** Sum over the continuation's tokens, natural logarithm. */
  readonly logProbability: number;
  readonly tokens: number;
  /** Positions of prompt and continuation, images included, except the last, which predicts nothing. */
  readonly length: number;
  /** How many of these were computed for this request, counted as in {@link Generation.computedPositions}. */
  readonly computedPositions: number;
}

/**
 * Positions of a batch by kind. `text`, `image` and `padding` add up to rows x length; `supervised` is part of `text`.
 */
export interface TokenCounts {
  readonly text: number;
  readonly image: number;
  readonly padding: number;
  readonly supervised: number;
}

/** Tensors under the model's own names. */
export type BatchTensors = Readonly<Record<string, Tensor>>;

/** Conversations of one forward and backward pass as tensors; only the model knows their meaning. */
export interface Batch {
  readonly counts: TokenCounts;
  /** Everything that the batch's loss depends on. */
  readonly tensors: BatchTensors;
  /** Frees its tensors. */
  dispose(): void;
}

export interface CollateOptions {
  /** Seed of what is random while training, such as dropout. Default: nothing is. */
  readonly seed?: number;
}

export interface BatchShape {
  /** Rows; missing ones are filled with padding so that few shapes are compiled. */
  readonly rows: number;
  /** Positions per row; at least the length of the longest example. */
  readonly length: number;
}

export interface Parameter {
  /** Its name in the checkpoint, e.g. `model.layers.0.mlp.up_proj.weight`. */
  readonly name: string;
  readonly component: Component;
  readonly shape: readonly number[];
  /** A copy of its current values, float32, row-major. */
  read(): Promise<Float32Array>;
}

/** A parameter while it learns. */
export interface LearningParameter extends Parameter {
  /** float32. Disposed of when the learning ends. */
  readonly variable: Variable;
}

/** A period during which some of a model's parameters are variables. */
export interface Learning {
  /** The parameters that learn, in the order of {@link TrainableModel.parameters}. */
  readonly parameters: readonly LearningParameter[];
  /** Turns them back into constants that keep the learned values. */
  end(): void;
}

/** How gradients are computed; does not affect their values. */
export interface GradientOptions {
  /**
   * Gradient checkpointing (arXiv 1604.06174): the forward pass keeps few activations and is partly recomputed for the
   * gradient. Far less memory for at most a third more time. Default false.
   */
  readonly gradientCheckpointing?: boolean;
}

export interface SaveModelOptions {
  /**
   * Whether components that are as in the folders that the model was opened from may be left out; the saved folder
   * names those folders and what they must hold, and `load` and the model's source read both. Default false. A model
   * may save everything all the same.
   */
  readonly trainedOnly?: boolean;
}

export interface TrainableModel extends Model {
  readonly format: ConversationFormat;
  setFormat(format: ConversationFormat): void;
  /** Tokens and label mask of a conversation in the current format. */
  encode(conversation: Conversation, options?: EncodeOptions): Encoded;
  /**
   * Adds an adapter, whose parameters are the component "adapter"; it changes no answer before it has learned. `seed`
   * initialises it. A model that has one of the same options already keeps it as it is. Throws `invalid-options` for an
   * adapter that does not fit the model, or another one than it has. Absent: the model takes none.
   */
  adapt?(adapter: AdapterOptions, options: { readonly seed: number }): void;
  /** All parameters; none is a variable before {@link learn}. */
  parameters(): readonly Parameter[];
  /**
   * Turns the parameters of these components into variables that share their data, until the learning ends. Throws
   * `contract` while another learning is active.
   */
  learn(components: readonly Component[]): Learning;
  /**
   * Pads the examples, reads and preprocesses the images, and splices their features in. Text-only batches do not run
   * the vision tower.
   */
  collate(examples: readonly Encoded[], shape: BatchShape, options?: CollateOptions): Promise<Batch>;
  /**
   * Mean cross-entropy over the supervised positions of a batch with these tensors, in nats. Differentiable with
   * respect to the parameters that learn. It may be compiled: its operations depend only on the tensors' names, shapes
   * and dtypes, and it reads no data. Throws `contract` for tensors of another model's batch.
   */
  loss(tensors: BatchTensors, options?: GradientOptions): Scalar;
  /**
   * Analytic count of floating-point operations of one forward and backward pass over the batch for the parameters that
   * learn, padding and recomputation included.
   */
  trainingFlops(batch: Batch, options?: GradientOptions): number;
  /**
   * Writes the checkpoint in float32 and the checksums of its files ({@link writeChecksums}) into `folder`, which is
   * created if missing.
   */
  save(folder: URL, options?: SaveModelOptions): Promise<void>;
  /**
   * Loads weights and format from a folder that `save` wrote; variables keep their identity. Throws
   * `invalid-checkpoint` when a file is missing or differs from what was saved ({@link verifyChecksums}); the model is
   * then unchanged.
   */
  load(folder: URL): Promise<void>;
}

/** The model as one that can be trained. Throws `invalid-options` for a model that only answers. */
export function trainableModel(model: Model): TrainableModel {
  if (isTrainable(model)) return model;
  throw answersOnly(model.name);
}

/** The error for a model that cannot be trained. */
export function answersOnly(name: string): MlanError {
  const message = `${name} can only be asked, not trained; leave out the training stages, or use a model that is on this machine.`;
  return new MlanError("invalid-options", message);
}

function isTrainable(model: Model): model is TrainableModel {
  return "learn" in model && "collate" in model && "loss" in model && "load" in model;
}

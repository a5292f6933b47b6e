import type { Scalar, Variable } from "@tensorflow/tfjs-core";
import type { AdapterOptions } from "./adapter.ts";
import type { Batch, BatchShape, BatchTensors, CollateOptions } from "./batch.ts";
import type { Prompt } from "./benchmark.ts";
import type { Conversation, ImageReference } from "./conversation.ts";
import type { Content } from "./content.ts";
import type { ConversationFormat } from "./conversation-format.ts";
import type { OpenOptions } from "./dataset.ts";
import type { ModelMemory } from "./memory.ts";
import type { Generation, GenerationOptions, GenerationRequest } from "./generation.ts";
import type { Wording } from "./wording.ts";
import { MlanError } from "../errors.ts";

/**
 * A part of a multimodal model that is frozen or trained as a whole. "adapter" exists only once a recipe has added an
 * adapter.
 */
export type Component = "language" | "projector" | "vision" | "adapter";

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
   * that `open` would throw for files that are missing, truncated or do not belong together. When absent, a run cannot
   * detect weights that changed since an earlier start.
   */
  inspect?(options?: OpenOptions): Promise<ModelInspection>;
  /**
   * Writes the complete model into another folder, without holding all of it in memory. `options` depend on the kind of
   * model, e.g. its layout. Throws the errors of `open`, and `invalid-options`. Absent when the model cannot be
   * exported.
   */
  export?(folder: URL, options?: Readonly<Record<string, unknown>>): Promise<void>;
  /** True for a model that cannot be trained. An experiment that would train it fails before it runs. */
  readonly answersOnly?: boolean;
}

/** A source whose model can be trained. */
export interface TrainableModelSource extends ModelSource {
  open(options?: OpenModelOptions): Promise<TrainableModel>;
}

/** What is known about a model before it is loaded. */
export interface ModelInspection {
  /** Everything on disk that determines the model's answers: configuration, tokenizer and weights. */
  readonly content: Content;
  /**
   * Facts about the files that a user should know, e.g. that some weights are not used: one sentence each, without a
   * full stop. Default: none.
   */
  readonly notices?: readonly string[];
  /** Number of parameters in each component of the model. */
  readonly parameters: Readonly<Partial<Record<Component, number>>>;
  /**
   * The components that a checkpoint saved with {@link SaveModelOptions.trainedOnly} contains even when they were not
   * trained. Default: all.
   */
  readonly alwaysSaved?: readonly Component[];
  /** Whether the model accepts images; absent when unknown before it is loaded. */
  readonly readsImages?: boolean;
  /**
   * Checks the header of an image file without decoding it. Throws `invalid-data`, naming the image, for a format that
   * the model does not read.
   */
  checkImage?(image: ImageReference, bytes: Uint8Array): void;
  /** The template for recipes that name none. When absent, recipes must name one. */
  readonly tuningTemplate?: string;
  /** Returns the wording for a format. Default: the checkpoint's format. Absent when unknown. */
  wording?(format?: ConversationFormat): Wording;
  /** Throws `invalid-options` for a format that the model does not support, e.g. one with an unknown template. */
  checkFormat?(format: ConversationFormat): void;
  /** Throws `invalid-options` when {@link TrainableModel.learn} would throw it for these components. */
  checkLearning?(components: readonly Component[]): void;
  /** Returns the number of parameters of an adapter. Throws where {@link TrainableModel.adapt} would. */
  adapterParameters?(adapter: AdapterOptions): number;
  /** What the model needs in memory and on disk. Absent when unknown before it is loaded. */
  readonly memory?: ModelMemory;
  /** Like {@link TrainableModel.encode}, for a model in the given format. */
  encode?(conversation: Conversation, format: ConversationFormat, options?: EncodeOptions): Encoded;
}

export interface OpenModelOptions extends OpenOptions {
  readonly seed?: number;
}

/** A model that answers prompts, on this machine or behind an API. */
export interface Model {
  readonly specVersion: 1;
  readonly name: string;
  /** Identifies architecture, tokenizer and format, but not the values of the weights, which training changes. */
  readonly fingerprint: string;
  /** The prompt format that the model expects; if it has a conversation format, for the current one. */
  readonly wording: Wording;
  /**
   * Identifies how conversations are written in the current format: equal if texts, special tokens and the places of
   * images are equal. Absent if unknown, and for a model that was not trained on conversations.
   */
  readonly templateFingerprint?: string | undefined;
  /** The context length: the maximum number of positions of a prompt and its answer together. Absent when unknown. */
  readonly maximumPositions?: number;
  /** Names of the adapters that a request may choose. All of them use the model's weights. Default: none. */
  readonly adapters?: readonly string[];
  /**
   * Yields one answer per request, in the order in which they finish. Decoding is greedy unless a request has
   * `sampling`. Throws an {@link MlanError} naming the request when its logits are NaN or infinite, or when its options
   * are out of range.
   */
  generate(requests: readonly GenerationRequest[], options?: GenerationOptions): AsyncIterable<Generation>;
  /**
   * Returns the log-probabilities of given continuations, in the order of the requests. Throws the errors of
   * `generate`, and `unavailable` when the model cannot score.
   */
  score(requests: readonly ScoreRequest[], options?: GenerationOptions): Promise<readonly Score[]>;
  /** Frees all tensors. */
  dispose(): void;
}

export interface EncodeOptions {
  /**
   * How the answers in a conversation are located. `text` (default) searches the rendered text, as the original code of
   * arXiv 2411.10557 does. When a turn contains words of the template or a special token, no positions or too many are
   * then supervised, and {@link Encoded.problem} says which. `turns` encodes each turn as plain text and supervises
   * exactly the answers. It is always used for a conversation with a turn whose `supervised` is false, which the original
   * code does not support.
   */
  readonly answerSpans?: "text" | "turns";
}

/** What a model needs to train on one conversation. */
export interface Encoded {
  readonly id: string;
  /** Token ids, with one negative placeholder id per image. */
  readonly inputIds: Int32Array;
  /** Same length as `inputIds`; -100 at positions that are not supervised. */
  readonly labels: Int32Array;
  readonly images: readonly ImageReference[];
  /** Number of positions after image features have replaced the placeholders. */
  readonly length: number;
  /** Number of supervised positions: those that contribute to the loss. */
  readonly supervised: number;
  /**
   * Why no position is supervised (`supervised` is then 0), or why positions outside the answers are. Absent otherwise.
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
  /** Natural logarithm of the continuation's probability: the sum over its tokens. */
  readonly logProbability: number;
  readonly tokens: number;
  /**
   * Number of positions of prompt and continuation, including images, but without the last one, which predicts nothing.
   */
  readonly length: number;
  /**
   * Number of those of the `length` positions that were computed for this request, counted as in {@link
   * Generation.computedPositions}.
   */
  readonly computedPositions: number;
  /** Number of positions by which a prompt that was too long was truncated. Absent when it was not. */
  readonly cutPositions?: number;
}

export interface Parameter {
  /** The parameter's name in the checkpoint, e.g. `model.layers.0.mlp.up_proj.weight`. */
  readonly name: string;
  readonly component: Component;
  readonly shape: readonly number[];
  /** Returns a copy of the current values, float32, row-major. */
  read(): Promise<Float32Array>;
}

/** A parameter that is being trained. */
export interface LearningParameter extends Parameter {
  /** The values, float32. {@link Learning.end} disposes of it. */
  readonly variable: Variable;
}

/** The parameters of a model that are being trained, from {@link TrainableModel.learn} until `end`. */
export interface Learning {
  /** The parameters being trained, in the order of {@link TrainableModel.parameters}. */
  readonly parameters: readonly LearningParameter[];
  /** Turns the parameters back into constants with the trained values. */
  end(): void;
}

/** How gradients are computed; does not affect their values. */
export interface GradientOptions {
  /**
   * Gradient checkpointing (arXiv 1604.06174): the forward pass keeps few activations, and the backward pass recomputes
   * the others. Needs far less memory and at most a third more time. Default false.
   */
  readonly gradientCheckpointing?: boolean;
}

export interface SaveModelOptions {
  /**
   * Whether components that are unchanged since the model was opened may be left out. The saved folder then names the
   * folders that contain them and their expected content, and `load` and the model's source read those folders too. A
   * model may ignore this option and save everything. Default false.
   */
  readonly trainedOnly?: boolean;
}

export interface TrainableModel extends Model {
  readonly format: ConversationFormat;
  /** The template for recipes that name none, see {@link formatFor}. When absent, recipes must name one. */
  readonly tuningTemplate?: string;
  setFormat(format: ConversationFormat): void;
  /** Returns the tokens and labels of a conversation in the current format. */
  encode(conversation: Conversation, options?: EncodeOptions): Encoded;
  /**
   * Adds an adapter, whose parameters form the component "adapter". It changes no answers until it is trained. `seed`
   * initialises its weights. If the model already has an adapter with the same options, nothing changes. Throws
   * `invalid-options` for an adapter that does not fit the model or differs from the one it has. Absent if the model
   * supports no adapters.
   */
  adapt?(adapter: AdapterOptions, options: { readonly seed: number }): void;
  /** Returns all parameters. None is a variable before {@link learn} is called. */
  parameters(): readonly Parameter[];
  /**
   * Turns the parameters of these components into variables that share their data, until {@link Learning.end}. Throws
   * `contract` before an earlier {@link Learning} has ended.
   */
  learn(components: readonly Component[]): Learning;
  /**
   * Pads the examples, reads and preprocesses their images, and inserts the image features. Text-only batches do not
   * run the vision tower.
   */
  collate(examples: readonly Encoded[], shape: BatchShape, options?: CollateOptions): Promise<Batch>;
  /**
   * Returns the mean cross-entropy, in nats, over the supervised positions of a batch with these tensors.
   * Differentiable with respect to the parameters being trained. It may be compiled: its operations depend only on the
   * tensors' names, shapes and dtypes, and it reads no data. Throws `contract` for tensors of another model's batch.
   */
  loss(tensors: BatchTensors, options?: GradientOptions): Scalar;
  /**
   * Returns the number of floating-point operations, by formula, of one forward and backward pass over the batch for
   * the parameters being trained, including padding and recomputation.
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

/** Returns the model with the methods for training. Throws `invalid-options` for a model that cannot be trained. */
export function trainableModel(model: Model): TrainableModel {
  if (isTrainable(model)) return model;
  throw answersOnly(model.name);
}

/** The error for a model that cannot be trained. */
export function answersOnly(name: string): MlanError {
  const message = `${name} cannot be trained, only asked; leave out the training stages, or use a model that is on this machine.`;
  return new MlanError("invalid-options", message);
}

function isTrainable(model: Model): model is TrainableModel {
  return "learn" in model && "collate" in model && "loss" in model && "load" in model;
}

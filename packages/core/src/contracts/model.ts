import type { Scalar, Tensor1D, Variable } from "@tensorflow/tfjs-core";
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
 * A part of a multimodal model that is trained or frozen as a whole. A model has the component "adapter" once a recipe
 * has added an adapter.
 */
export type Component = "language" | "projector" | "vision" | "adapter";

/** A model that is not loaded yet. */
export interface ModelSource {
  readonly specVersion: 1;
  readonly name: string;
  /**
   * Reads the weights. `seed` initializes components that the checkpoint lacks, such as a new projector. Throws
   * `invalid-checkpoint`, with the file and what is wrong with it.
   */
  open(options?: OpenModelOptions): Promise<Model>;
  /**
   * Checks everything that `open` needs, without loading the weights; a run calls `inspect` before its first stage.
   * Throws the errors of `open` for files that are missing, truncated or do not belong together. A source without
   * `inspect` cannot detect weights that changed since an earlier start of the run.
   */
  inspect?(options?: OpenOptions): Promise<ModelInspection>;
  /**
   * Writes the complete model into another folder, without loading it as a whole. `options` depend on the kind of
   * model. Throws the errors of `open`, and `invalid-options`. Absent when the model cannot be exported.
   */
  export?(folder: URL, options?: Readonly<Record<string, unknown>>): Promise<void>;
  /** Whether the model cannot be trained. An experiment that trains it fails before its first stage. Default false. */
  readonly answersOnly?: boolean;
}

/** A source whose model can be trained. */
export interface TrainableModelSource extends ModelSource {
  open(options?: OpenModelOptions): Promise<TrainableModel>;
}

/** What is known about a model before it is loaded. */
export interface ModelInspection {
  /** The files that determine the model's answers: configuration, tokenizer and weights. */
  readonly content: Content;
  /** Facts about the files for the user, e.g. unused weights: one sentence each, without a full stop. Default: none. */
  readonly notices?: readonly string[];
  /** The value of {@link Model.adapters}. Absent when unknown before the model is loaded. */
  readonly adapters?: readonly string[];
  /** Number of parameters in each component of the model. */
  readonly parameters: Readonly<Partial<Record<Component, number>>>;
  /**
   * The components that every checkpoint contains, even one saved with {@link SaveModelOptions.trainedOnly}. Default:
   * all.
   */
  readonly alwaysSaved?: readonly Component[];
  /** Whether the model accepts images. Absent when unknown before the model is loaded. */
  readonly readsImages?: boolean;
  /**
   * Checks the header of an image file without decoding it. Throws `invalid-data`, with the image's name, for a format
   * that the model does not read.
   */
  checkImage?(image: ImageReference, bytes: Uint8Array): void;
  /** The template for recipes without one. When absent, every recipe must name a template. */
  readonly tuningTemplate?: string;
  /** Returns the wording for a format. Default format: the checkpoint's. Absent when unknown. */
  wording?(format?: ConversationFormat): Wording;
  /** Throws `invalid-options` for a format that the model does not support, e.g. one with an unknown template. */
  checkFormat?(format: ConversationFormat): void;
  /** Throws the errors of {@link TrainableModel.learn} for these components. */
  checkLearning?(components: readonly Component[]): void;
  /** Returns the number of parameters of an adapter. Throws the errors of {@link TrainableModel.adapt}. */
  adapterParameters?(adapter: AdapterOptions): number;
  /** The memory and disk space that the model needs. Absent when unknown before the model is loaded. */
  readonly memory?: ModelMemory;
  /** Like {@link TrainableModel.encode}, in the given format. */
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
  /** The prompt format that the model expects in its current conversation format. */
  readonly wording: Wording;
  /**
   * Identifies how the current format writes conversations. Equal fingerprints mean equal texts, special tokens and
   * image positions. Absent when unknown, and for a model that was not trained on conversations.
   */
  readonly templateFingerprint?: string | undefined;
  /** The context length: the maximum number of positions of a prompt and its answer together. Absent when unknown. */
  readonly maximumPositions?: number;
  /** Names of the adapters that a request may choose. Default: none. */
  readonly adapters?: readonly string[];
  /**
   * Yields one answer per request, in the order in which the answers are complete. Throws {@link MlanError}, with the
   * request's id, when its logits are NaN or infinite, or when its options are out of range.
   */
  generate(requests: readonly GenerationRequest[], options?: GenerationOptions): AsyncIterable<Generation>;
  /**
   * Returns the log-probabilities of given continuations, in the order of the requests. Throws the errors of
   * `generate`, and `unavailable` when the model cannot score.
   */
  score(requests: readonly ScoreRequest[], options?: GenerationOptions): Promise<readonly Score[]>;
  dispose(): void;
}

export interface EncodeOptions {
  /**
   * How the answers in a conversation are located. `text` (default) searches the rendered text, as the original code of
   * arXiv 2411.10557 does; if a turn contains words of the template or a special token, tokens outside the answers may
   * be supervised, or none ({@link Encoded.problem}). `turns` encodes each turn as plain text and supervises exactly
   * the answers. A conversation with a turn that is not `supervised` is always encoded by `turns`, because the original
   * code does not support such turns.
   */
  readonly answerSpans?: "text" | "turns";
}

/** A conversation as the model's input for training. */
export interface Encoded {
  readonly id: string;
  /** Token ids, with one negative placeholder id per image. */
  readonly inputIds: Int32Array;
  /** One label per element of `inputIds`; -100 at positions that are not supervised. */
  readonly labels: Int32Array;
  readonly images: readonly ImageReference[];
  /** Number of positions after image features have replaced the placeholders. */
  readonly length: number;
  /** Number of supervised positions, which contribute to the loss. */
  readonly supervised: number;
  /** The reason why no position is supervised, or why positions outside the answers are. Absent otherwise. */
  readonly problem?: string;
}

export interface ScoreRequest {
  readonly id: string;
  readonly prompt: Prompt;
  readonly images: readonly ImageReference[];
  readonly continuation: string;
  /** Name of the adapter with which the model scores, one of {@link Model.adapters}. Default: none of them. */
  readonly adapter?: string;
}

export interface Score {
  readonly id: string;
  /** Natural logarithm of the continuation's probability: the sum over its tokens. */
  readonly logProbability: number;
  readonly tokens: number;
  /**
   * Number of positions of prompt and continuation, including image positions. The last position is not counted,
   * because it predicts nothing.
   */
  readonly length: number;
  /** Number of positions that were computed for this request, counted as in {@link Generation.computedPositions}. */
  readonly computedPositions: number;
  /** Number of positions by which a prompt that was too long was truncated. Absent when it was not. */
  readonly truncatedPositions?: number;
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
  /** The values, float32. {@link Learning.end} disposes of the variable. */
  readonly variable: Variable;
}

/** The trained parameters of a model, from {@link TrainableModel.learn} until `end`. */
export interface Learning {
  /** The trained parameters, in the order of {@link TrainableModel.parameters}. */
  readonly parameters: readonly LearningParameter[];
  /** Ends training: the parameters become constants with the trained values. */
  end(): void;
}

/** How gradients are computed. The options do not affect the values of the gradients. */
export interface GradientOptions {
  /**
   * Gradient checkpointing (arXiv 1604.06174): the forward pass keeps few activations, and the backward pass recomputes
   * the others. Needs far less memory and at most a third more time. Default false.
   */
  readonly gradientCheckpointing?: boolean;
}

export interface LossOptions extends GradientOptions {
  /**
   * Called once with a tensor [rows], in nats: what each row of the batch contributes to the loss. The function
   * disposes of the tensor. No gradient flows through it. A model may ignore this option.
   */
  readonly onRowLosses?: (losses: Tensor1D) => void;
}

export interface SaveModelOptions {
  /**
   * Whether components that have not changed since the model was opened may be left out. The saved folder then refers
   * to the folders that contain them, and both `load` and the model's source read those folders. A model may ignore
   * this option. Default false.
   */
  readonly trainedOnly?: boolean;
}

export interface TrainableModel extends Model {
  readonly format: ConversationFormat;
  /** The template for recipes without one, see {@link formatFor}. When absent, every recipe must name a template. */
  readonly tuningTemplate?: string;
  setFormat(format: ConversationFormat): void;
  /** Returns the tokens and labels of a conversation in the current format. */
  encode(conversation: Conversation, options?: EncodeOptions): Encoded;
  /**
   * Adds an adapter. Its parameters form the component "adapter". `seed` initializes its weights. Answers stay the same
   * until the adapter is trained. Has no effect if the model already has an adapter with the same options. Throws
   * `invalid-options` for an adapter that does not fit the model or differs from the model's adapter. Absent if the
   * model does not support adapters.
   */
  adapt?(adapter: AdapterOptions, options: { readonly seed: number }): void;
  parameters(): readonly Parameter[];
  /**
   * Turns the parameters of these components into variables until {@link Learning.end}. The variables share the
   * parameters' data. Throws `contract` before an earlier {@link Learning} has ended.
   */
  learn(components: readonly Component[]): Learning;
  /**
   * Pads the examples, reads and preprocesses their images, and inserts the image features. A batch without images does
   * not run the vision tower.
   */
  collate(examples: readonly Encoded[], shape: BatchShape, options?: CollateOptions): Promise<Batch>;
  /**
   * Returns the mean cross-entropy of a batch, in nats, over its supervised positions. The loss is differentiable with
   * respect to the trained parameters. The function may be compiled: its operations depend only on the tensors' names,
   * shapes and dtypes, and it does not read their data. Throws `contract` for tensors of another model's batch.
   */
  loss(tensors: BatchTensors, options?: LossOptions): Scalar;
  /**
   * Returns the number of floating-point operations of one forward and backward pass over the batch, computed by
   * formula. Includes padding and recomputation.
   */
  trainingFlops(batch: Batch, options?: GradientOptions): number;
  /**
   * Writes the checkpoint in float32, and the checksums of its files ({@link writeChecksums}), into `folder`, which is
   * created if missing.
   */
  save(folder: URL, options?: SaveModelOptions): Promise<void>;
  /**
   * Loads weights and format from a folder that `save` wrote. Variables remain the same objects. Throws
   * `invalid-checkpoint` when a file is missing or has changed since it was saved ({@link verifyChecksums}); the model
   * is then unchanged.
   */
  load(folder: URL): Promise<void>;
}

/** Returns the model, typed as trainable. Throws `invalid-options` for a model that cannot be trained. */
export function trainableModel(model: Model): TrainableModel {
  if (isTrainable(model)) return model;
  throw answersOnly(model.name);
}

/** Returns the error for a model that cannot be trained. */
export function answersOnly(name: string): MlanError {
  const message = `${name} cannot be trained, only evaluated; leave out the training stages, or use a model on this machine.`;
  return new MlanError("invalid-options", message);
}

function isTrainable(model: Model): model is TrainableModel {
  return "learn" in model && "collate" in model && "loss" in model && "load" in model;
}

import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs-core";
import type { Prompt } from "./benchmark.ts";
import type { Conversation, ImageReference } from "./conversation.ts";
import type { Content } from "./content.ts";
import type { OpenOptions } from "./dataset.ts";
import type { Location } from "./location.ts";
import type { Wording } from "./wording.ts";

/** The parts of a multimodal model that are frozen or trained as one. */
export type Component = "language" | "projector" | "vision";

/** How conversations become tokens and images become pixels; stored with every checkpoint. */
export interface ConversationFormat {
  /** The model's name of a conversation template, e.g. "plain" (alignment) or "v1" (tuning). */
  readonly template: string;
  /** `pad` makes images square with the mean colour; `square` leaves them to the centre crop. */
  readonly imageAspectRatio: "pad" | "square";
  /** Positions after which a conversation is cut, image positions included. */
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
  open(options?: OpenModelOptions): Promise<TrainableModel>;
  /**
   * Looks at all that `open` needs without loading it, as a run does before its first stage. Throws the errors that
   * `open` would throw for files that are missing, cut short or do not belong together. Without this, a run does not
   * notice when the weights change between two of its starts.
   */
  inspect?(options?: OpenOptions): Promise<ModelInspection>;
}

/** What can be said of a model before it is loaded. */
export interface ModelInspection {
  /** Of everything on disk that decides what the model answers: configuration, tokenizer and weights. */
  readonly content: Content;
  /** Values in the model's parameters, of each component that it has. */
  readonly parameters: Readonly<Partial<Record<Component, number>>>;
  /** Whether it reads images; absent where nobody can say before it is loaded. */
  readonly readsImages?: boolean;
  /**
   * Looks at the beginning of an image's file, without decoding it. Throws `invalid-data`, naming the image, for what it
   * does not read.
   */
  checkImage?(image: ImageReference, bytes: Uint8Array): void;
  /** How it is asked in a format; without one, in that of its checkpoint. Absent where nobody can say. */
  wording?(format?: ConversationFormat): Wording;
  /** Throws `invalid-options` for a format that the model will not take, such as a template that it does not know. */
  checkFormat?(format: ConversationFormat): void;
  /** As {@link Model.encode} once the model has that format. */
  encode?(conversation: Conversation, format: ConversationFormat, options?: EncodeOptions): Encoded;
}

export interface OpenModelOptions extends OpenOptions {
  readonly seed?: number;
}

export interface Model {
  readonly specVersion: 1;
  readonly name: string;
  /** Names architecture, tokenizer and format; the weights change while training and are not part of it. */
  readonly fingerprint: string;
  readonly format: ConversationFormat;
  /** How it expects to be asked in its current format. */
  readonly wording: Wording;
  /** Tokens and label mask of a conversation in the current format. */
  encode(conversation: Conversation, options?: EncodeOptions): Encoded;
  /**
   * Greedy answers, in the order in which they are finished. Throws an {@link MlanError} naming the request when its logits
   * are NaN or infinite, rather than answer with any token.
   */
  generate(requests: readonly GenerationRequest[], options?: GenerationOptions): AsyncIterable<Generation>;
  /** Log-probabilities of given continuations, in the order of the requests; they are finite, or it throws likewise. */
  score(requests: readonly ScoreRequest[], options?: GenerationOptions): Promise<readonly Score[]>;
  /** Frees all tensors. */
  dispose(): void;
}

export interface EncodeOptions {
  /**
   * Where the answers of a conversation are found. `text` (default): in the rendered text, as the original code of arXiv
   * 2411.10557 finds them; where a turn holds the template's own words or a special token, nothing or too much is learned,
   * and {@link Encoded.problem} says which. `turns`: each turn is encoded as text, whatever it holds, and exactly the answers
   * are learned. The original learns all answers, so that a conversation with one that is not to be learned is always
   * encoded by `turns`.
   */
  readonly answerSpans?: "text" | "turns";
}

/** What a model needs to train on one conversation. */
export interface Encoded {
  readonly id: string;
  /** Token ids; an image stands as one placeholder id below zero. */
  readonly inputIds: Int32Array;
  /** Same length as `inputIds`; -100 where nothing is learned. */
  readonly labels: Int32Array;
  readonly images: readonly ImageReference[];
  /** Positions after image features are put in the place of placeholders. */
  readonly length: number;
  /** Positions that are learned. */
  readonly supervised: number;
  /**
   * Why nothing is learned from this conversation (`supervised` is 0 then), or something else than its answers, when that
   * is so.
   */
  readonly problem?: string;
}

export interface GenerationRequest {
  readonly id: string;
  readonly prompt: Prompt;
  readonly images: readonly ImageReference[];
  readonly maximumNewTokens: number;
  /** Generation may end early once one of these has been produced; the text is not cut. */
  readonly stop?: readonly string[];
}

export interface GenerationOptions {
  /** Requests answered side by side. Default: the model's choice. */
  readonly batchSize?: number;
  /**
   * Whether what prompts of one call begin with in common is computed once. Default true. Changes no answer and no
   * score, but their last bits.
   */
  readonly sharePrefixes?: boolean;
  /**
   * A folder, made when missing, where what frozen parts compute of an image is kept by content, so that later calls
   * and other processes find it. Answers do not depend on it. Default none.
   */
  readonly featureCache?: Location;
  /** Whether a {@link Generation} has `tokens` and `margins`. Default false. */
  readonly details?: boolean;
  readonly signal?: AbortSignal;
}

export interface Generation {
  readonly id: string;
  /** New text only, special tokens removed. */
  readonly text: string;
  readonly finish: "end-of-sequence" | "stop" | "length";
  /** Positions of the prompt, image positions included. */
  readonly promptLength: number;
  /**
   * Positions that were computed for this answer's prompt; a prefix that several prompts share counts for the first
   * answer of those that share it.
   */
  readonly computedPositions: number;
  /** The generated tokens, the one that ended the sequence included. Only with {@link GenerationOptions.details}. */
  readonly tokens?: readonly number[];
  /** The two highest logits' difference at each of `tokens`: how far it was from another answer. Only with details. */
  readonly margins?: readonly number[];
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
  /** Positions of prompt and continuation, images included, but the last: nothing is asked behind it. */
  readonly length: number;
  /** Those of them that were computed for it, as {@link Generation.computedPositions}. */
  readonly computedPositions: number;
}

/** Positions of a batch by kind; they add up to rows x length, supervised ones being among the text. */
export interface TokenCounts {
  readonly text: number;
  readonly image: number;
  readonly padding: number;
  readonly supervised: number;
}

/** Tensors under the model's own names. */
export type BatchTensors = Readonly<Record<string, Tensor>>;

/** Conversations of one forward and backward pass as tensors; what they mean is the model's own business. */
export interface Batch {
  readonly counts: TokenCounts;
  /** All of the batch that its loss depends on. */
  readonly tensors: BatchTensors;
  /** Frees its tensors. */
  dispose(): void;
}

export interface BatchShape {
  /** Rows; missing ones are filled with padding, so that few shapes are compiled. */
  readonly rows: number;
  /** Positions per row, at least the longest example's. */
  readonly length: number;
}

export interface Parameter {
  /** The name in the checkpoint, e.g. `model.layers.0.mlp.up_proj.weight`. */
  readonly name: string;
  readonly component: Component;
  readonly shape: readonly number[];
  /** A copy of its values as they are now, float32, row-major. */
  read(): Promise<Float32Array>;
}

/** A parameter while it learns. */
export interface LearningParameter extends Parameter {
  /** float32. It ends with the learning. */
  readonly variable: Variable;
}

/** The time during which some of a model's parameters are variables. */
export interface Learning {
  /** Those that learn, in the order of {@link TrainableModel.parameters}. */
  readonly parameters: readonly LearningParameter[];
  /** Makes them constants again, with what was learned. */
  end(): void;
}

/** How gradients are computed; changes no value. */
export interface GradientOptions {
  /**
   * Whether the forward pass keeps little and is partly computed once more for the gradient (gradient checkpointing,
   * arXiv 1604.06174): far less memory for at most a third more time. Default false.
   */
  readonly gradientCheckpointing?: boolean;
}

export interface TrainableModel extends Model {
  setFormat(format: ConversationFormat): void;
  /** All of them; none is a variable before {@link learn}. */
  parameters(): readonly Parameter[];
  /**
   * Makes the parameters of these components variables, which share their data, until the end of the learning. Only one
   * at a time: throws `contract` while the model learns already.
   */
  learn(components: readonly Component[]): Learning;
  /** Pads and splices; reads and prepares the images. Text-only batches cause no vision work. */
  collate(examples: readonly Encoded[], shape: BatchShape): Promise<Batch>;
  /**
   * Mean cross-entropy over the supervised positions of a batch with these tensors, in nats. Differentiable by the parameters
   * that learn; nothing need be kept for the others. It may be compiled: its operations depend on the tensors' names, shapes
   * and dtypes alone, and it reads no data. Throws `contract` for tensors of another model's batch.
   */
  loss(tensors: BatchTensors, options?: GradientOptions): Scalar;
  /**
   * Analytic floating-point operations of one forward and backward pass over the batch for the parameters that learn,
   * padding and what is computed twice included.
   */
  trainingFlops(batch: Batch, options?: GradientOptions): number;
  /**
   * Writes the checkpoint into `folder` (created if missing; not atomic by itself), float32, and the checksums of its
   * files ({@link writeChecksums}).
   */
  save(folder: URL): Promise<void>;
  /**
   * Takes weights and format from a folder that `save` wrote; variables of what learns stay the same. Throws
   * `invalid-checkpoint` when a file is missing or is not what was saved ({@link verifyChecksums}); the model is then as
   * it was.
   */
  load(folder: URL): Promise<void>;
}

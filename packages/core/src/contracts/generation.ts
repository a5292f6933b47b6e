import type { Prompt } from "./benchmark.ts";
import type { ImageReference } from "./conversation.ts";
import type { Location } from "./location.ts";

export interface GenerationRequest {
  /** Unique within a call. */
  readonly id: string;
  readonly prompt: Prompt;
  readonly images: readonly ImageReference[];
  readonly maximumNewTokens: number;
  /**
   * Generation ends when the answer contains one of these strings. Streamed text is cut before the string;
   * {@link Generation.text} is not.
   */
  readonly stop?: readonly string[];
  /** Token ids that end the answer. They are not part of its text. */
  readonly stopTokens?: readonly number[];
  /** Default: greedy decoding, which takes the most likely token. */
  readonly sampling?: Sampling;
  /**
   * Penalty on tokens that occur in the prompt or in the answer so far (arXiv 1909.05858): their positive logits are
   * divided by this number, and their negative logits are multiplied by it. Greater than 0; values above 1 make
   * repetition less likely. Applies to greedy decoding too. Default 1.
   */
  readonly repetitionPenalty?: number;
  /**
   * Number of most likely tokens to report at each position of the answer, 0 or more. The generated token is always
   * reported. Default: none are reported, and {@link Generation.logProbabilities} is absent.
   */
  readonly logProbabilities?: number;
  /** Name of the adapter to answer with, one of {@link Model.adapters}. Default: no adapter. */
  readonly adapter?: string;
  /** Aborts this answer only. Its `finish` is then "aborted", and its `text` ends there. */
  readonly signal?: AbortSignal;
}

/**
 * How the next token is sampled. `temperature`, `topK`, `topP` and `minP` apply in this order, as in Hugging Face
 * transformers.
 */
export interface Sampling {
  /** Logits are divided by the temperature. 0 means greedy decoding. Default 1. */
  readonly temperature?: number;
  /**
   * Samples only from the `topK` most likely tokens, including ties with the last of them. At least 1. Default: all
   * tokens.
   */
  readonly topK?: number;
  /**
   * Samples only from the smallest set of most likely tokens whose probabilities add up to `topP` or more. 0 to 1.
   * Default 1.
   */
  readonly topP?: number;
  /**
   * Samples only from tokens whose probability is at least `minP` times that of the most likely token. 0 to 1. Default
   * 0.
   */
  readonly minP?: number;
  /** A whole number. Equal requests with equal seeds have equal answers. Default: a new seed each time. */
  readonly seed?: number;
}

export interface GenerationOptions {
  /** Number of requests answered in parallel. Default: the model's choice. */
  readonly batchSize?: number;
  /**
   * Whether a prefix that several prompts share is processed only once. Sharing does not change answers, but may change
   * the last bits of scores. Default true.
   */
  readonly sharePrefixes?: boolean;
  /**
   * A folder that caches the image features of frozen components for other calls and processes. It is created if
   * missing. Answers do not depend on it. Default: no cache.
   */
  readonly featureCache?: Location;
  /** Whether answers have {@link Generation.tokens} and {@link Generation.margins}. Default false. */
  readonly details?: boolean;
  /**
   * What happens to a prompt that is too long for the model. `refuse` (default) throws `invalid-data`; `truncate` removes
   * its beginning and reports {@link Generation.truncatedPositions}, but also refuses prompts with images. Prompts with a
   * `harness` are always truncated.
   */
  readonly longPrompts?: "refuse" | "truncate";
  /**
   * Called with new text of an answer once later tokens can no longer change that text. {@link streamAnswer} is easier
   * for a single answer.
   */
  readonly onText?: (piece: TextPiece) => void;
  /** Aborts the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * New text of an answer. Together, the pieces of an answer are its text before the first stop string. A piece never
 * ends within a character.
 */
export interface TextPiece {
  readonly id: string;
  /** May be "" in a piece with `logProbabilities`. */
  readonly text: string;
  /** The tokens generated since the previous piece. Present if the request has `logProbabilities`. */
  readonly logProbabilities?: readonly GeneratedToken[];
}

export interface TokenLogProbability {
  readonly token: number;
  /**
   * The token's text within an answer; "" for special tokens, U+FFFD for a part of a character.
   */
  readonly text: string;
  /** Natural logarithm of the token's probability, before repetition penalty and sampling change the logits. */
  readonly logProbability: number;
}

export interface GeneratedToken extends TokenLogProbability {
  /** The most likely tokens, in descending order of probability. Their number is the request's `logProbabilities`. */
  readonly likeliest: readonly TokenLogProbability[];
}

export interface Generation {
  readonly id: string;
  /** The generated text, without special tokens. */
  readonly text: string;
  /**
   * `stop`: by a stop string or stop token. `length`: after the maximum number of new tokens. `aborted`: by the
   * request's signal.
   */
  readonly finish: "end-of-sequence" | "stop" | "length" | "aborted";
  /** Number of positions of the prompt, including image positions. */
  readonly promptLength: number;
  /**
   * Number of prompt positions that were computed for this answer. A shared prefix counts only for the first answer
   * that uses it.
   */
  readonly computedPositions: number;
  /** Number of positions removed from a prompt that was too long. Absent when none were removed. */
  readonly truncatedPositions?: number;
  /** Number of generated tokens, including the one that ended the answer. Absent when unknown. */
  readonly newTokens?: number;
  /** The seed used for sampling. Absent when tokens were not sampled. */
  readonly seed?: number;
  /** One entry per generated token. Present with {@link GenerationRequest.logProbabilities}. */
  readonly logProbabilities?: readonly GeneratedToken[];
  /**
   * The generated token ids, including the one that ended the sequence. Present with {@link GenerationOptions.details}.
   */
  readonly tokens?: readonly number[];
  /**
   * Difference between the two highest logits at each of `tokens`. A small margin means that another token was nearly
   * as likely. Present with {@link GenerationOptions.details}.
   */
  readonly margins?: readonly number[];
}

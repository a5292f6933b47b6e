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
   * Generation may stop as soon as the answer contains one of these strings. Streamed text is cut before it;
   * {@link Generation.text} is not.
   */
  readonly stop?: readonly string[];
  /** Token ids that end the answer and are not part of its text. */
  readonly stopTokens?: readonly number[];
  /** How tokens are sampled. Default: greedy decoding, which takes the most likely token. */
  readonly sampling?: Sampling;
  /**
   * For tokens that occur in the prompt or in the answer so far, positive logits are divided by this number and
   * negative logits are multiplied by it (arXiv 1909.05858). Greater than 0. Above 1 these tokens become less likely,
   * below 1 more likely. Applies to greedy decoding too. Default 1.
   */
  readonly repetitionPenalty?: number;
  /**
   * How many of the most likely tokens to report at each position of the answer, 0 or more; the generated token is
   * always reported. Default: {@link Generation.logProbabilities} is absent.
   */
  readonly logProbabilities?: number;
  /** Name of the adapter that answers, one of {@link Model.adapters}. Default: none of them. */
  readonly adapter?: string;
  /** Aborts this answer only; its `finish` is then "aborted", and `text` is what was generated until then. */
  readonly signal?: AbortSignal;
}

/**
 * How the next token is sampled. `temperature`, `topK`, `topP` and `minP` apply in this order and work as in Hugging
 * Face transformers. The other requests of a call do not affect an answer, except through rounding differences in the
 * logits.
 */
export interface Sampling {
  /** Number by which logits are divided. 0 means greedy decoding. Default 1. */
  readonly temperature?: number;
  /**
   * Samples only from the `topK` most likely tokens, and from tokens as likely as the last of them. At least 1.
   * Default: all tokens.
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
  /** A whole number. The same seed and request produce the same answer. Default: a different seed each time. */
  readonly seed?: number;
}

export interface GenerationOptions {
  /** Number of requests answered in parallel. Default: the model's choice. */
  readonly batchSize?: number;
  /**
   * Whether a prefix that several prompts of a call share is computed only once. Default true. Answers are unchanged;
   * scores may differ in the last bits.
   */
  readonly sharePrefixes?: boolean;
  /**
   * A folder that caches the image features of frozen components for later calls and other processes, keyed by the
   * content of the image. Created if missing. Answers do not depend on it. Default: none.
   */
  readonly featureCache?: Location;
  /** Whether a {@link Generation} has `tokens` and `margins`. Default false. */
  readonly details?: boolean;
  /**
   * What happens to a prompt that is too long for the model. `refuse` (default) throws `invalid-data`; `truncate` removes
   * its beginning and reports {@link Generation.truncatedPositions}, but also refuses prompts with images. Prompts with a
   * `harness` are always truncated.
   */
  readonly longPrompts?: "refuse" | "truncate";
  /**
   * Called with new text of an answer as soon as later tokens can no longer change it. For a single answer,
   * {@link streamAnswer} is easier.
   */
  readonly onText?: (piece: TextPiece) => void;
  /** Aborts the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * New text of an answer. Joined, the pieces of an answer are its text before the first stop string. A piece never ends
 * within a character, and ends with the beginning of a stop string only where the answer ends.
 */
export interface TextPiece {
  /** The request's id. */
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
  /**
   * Natural logarithm of the token's probability, from the model's logits before repetition penalty and sampling change
   * them.
   */
  readonly logProbability: number;
}

export interface GeneratedToken extends TokenLogProbability {
  /** The most likely tokens, as many as the request asks for, in descending order of probability. */
  readonly likeliest: readonly TokenLogProbability[];
}

export interface Generation {
  /** The request's id. */
  readonly id: string;
  /** New text only, special tokens removed. */
  readonly text: string;
  /**
   * "stop": by a stop string or stop token. "length": after the maximum number of new tokens. "aborted": by the
   * request's signal.
   */
  readonly finish: "end-of-sequence" | "stop" | "length" | "aborted";
  /** Number of positions of the prompt, including image positions. */
  readonly promptLength: number;
  /**
   * Number of prompt positions computed for this answer; a shared prefix counts only for the first answer that uses it.
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
   * Difference between the two highest logits at each of `tokens`; small where a different token was almost chosen.
   * Present with {@link GenerationOptions.details}.
   */
  readonly margins?: readonly number[];
}

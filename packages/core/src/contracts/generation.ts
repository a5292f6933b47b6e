import type { Prompt } from "./benchmark.ts";
import type { ImageReference } from "./conversation.ts";
import type { Location } from "./location.ts";

export interface GenerationRequest {
  /** Unique within a call. */
  readonly id: string;
  readonly prompt: Prompt;
  readonly images: readonly ImageReference[];
  readonly maximumNewTokens: number;
  /** Generation may stop once it has produced one of these; {@link Generation.text} is not cut, streamed text is. */
  readonly stop?: readonly string[];
  /** Token ids that end the answer and are no part of its text. */
  readonly stopTokens?: readonly number[];
  /** How tokens are drawn. Default: the likeliest token is taken. */
  readonly sampling?: Sampling;
  /**
   * Makes tokens of the prompt and of the answer so far less likely: positive logits are divided by it, negative ones
   * multiplied (arXiv 1909.05858). Above 0; below 1 it makes them likelier. Applies to greedy answers too. Default 1.
   */
  readonly repetitionPenalty?: number;
  /**
   * How many of the likeliest tokens are reported at each position of the answer, 0 or more; the generated token is
   * reported too. Default: {@link Generation.logProbabilities} is absent.
   */
  readonly logProbabilities?: number;
  /** Ends this answer alone, with `finish` "aborted" and the text so far. */
  readonly signal?: AbortSignal;
}

/**
 * How the next token is drawn, in this order and by the rules of Hugging Face transformers: temperature, `topK`, `topP`,
 * `minP`. An answer depends on its request alone, not on the requests beside it, as far as the logits do.
 */
export interface Sampling {
  /** Logits are divided by it. 0 takes the likeliest token. Default 1. */
  readonly temperature?: number;
  /** Only this many of the likeliest tokens are drawn, and those as likely as the last of them. 1 or more. Default: all. */
  readonly topK?: number;
  /** Only the fewest likeliest tokens whose probabilities add up to `topP` or more are drawn. 0 to 1. Default 1. */
  readonly topP?: number;
  /** Only tokens at least `minP` times as likely as the likeliest are drawn. 0 to 1. Default 0. */
  readonly minP?: number;
  /** A whole number; the same seed and request give the same answer. Default: a different one each time. */
  readonly seed?: number;
}

export interface GenerationOptions {
  /** Requests answered in parallel. Default: the model's choice. */
  readonly batchSize?: number;
  /**
   * Whether a prefix that prompts of one call share is computed once. Default true. Answers are unchanged; scores may
   * differ in the last bits.
   */
  readonly sharePrefixes?: boolean;
  /**
   * A folder, created when missing, that caches the frozen components' image features by the image's content for later
   * calls and other processes. Answers do not depend on it. Default none.
   */
  readonly featureCache?: Location;
  /** Whether a {@link Generation} has `tokens` and `margins`. Default false. */
  readonly details?: boolean;
  /**
   * What happens to a prompt that is too long for the model. `refuse` (default) throws `invalid-data`; `cut` leaves out
   * its beginning, unless it has images, and says so in {@link Generation.cutPositions}. Does not apply to prompts with a
   * `harness`, which are always cut.
   */
  readonly longPrompts?: "refuse" | "cut";
  /** Called with new text of an answer as soon as it is certain. For one answer, {@link streamAnswer} is easier. */
  readonly onText?: (piece: TextPiece) => void;
  /** Ends the call: it throws the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * New text of an answer. The pieces of an answer add up to its text before the first stop string. A piece never ends
 * within a character, nor with the beginning of a stop string unless the answer ends there.
 */
export interface TextPiece {
  /** The request's id. */
  readonly id: string;
  /** May be "" when there are `logProbabilities`. */
  readonly text: string;
  /** Of the tokens generated since the last piece; where the request wants them. */
  readonly logProbabilities?: readonly GeneratedToken[];
}

export interface TokenLogProbability {
  readonly token: number;
  /**
   * The token's text within an answer; "" for special tokens, U+FFFD for a part of a character.
   */
  readonly text: string;
  /** Natural logarithm, by the model's logits: before the repetition penalty and before sampling changes them. */
  readonly logProbability: number;
}

export interface GeneratedToken extends TokenLogProbability {
  /** As many as the request wants, the likeliest first. */
  readonly likeliest: readonly TokenLogProbability[];
}

export interface Generation {
  /** The request's id. */
  readonly id: string;
  /** New text only, special tokens removed. */
  readonly text: string;
  /** "stop" after a stop string or stop token, "aborted" by the request's own signal. */
  readonly finish: "end-of-sequence" | "stop" | "length" | "aborted";
  /** Positions of the prompt, image positions included. */
  readonly promptLength: number;
  /** Positions computed for this answer's prompt; a shared prefix counts for the first answer that uses it. */
  readonly computedPositions: number;
  /** Positions that the prompt lost because it was too long. Absent: none. */
  readonly cutPositions?: number;
  /** Number of generated tokens, the one that ended the answer included. Absent: not known. */
  readonly newTokens?: number;
  /** The seed with which tokens were drawn. Only where they were. */
  readonly seed?: number;
  /** One for each generated token. Only with {@link GenerationRequest.logProbabilities}. */
  readonly logProbabilities?: readonly GeneratedToken[];
  /** The generated tokens, the one that ended the sequence included. Only with {@link GenerationOptions.details}. */
  readonly tokens?: readonly number[];
  /** Difference between the two highest logits at each of `tokens`: how close another answer was. Only with details. */
  readonly margins?: readonly number[];
}

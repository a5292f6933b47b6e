import type { Conversation } from "@mlan/core";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { PlacedTurn } from "./place-images.ts";
import type { Segment } from "./segments.ts";

/** How conversations are written as text and tokens. Training, evaluation and chat use the same object. */
export interface Template {
  readonly name: string;
  /** A text that changes whenever any output of the template could change: text, tokens or labels. */
  readonly fingerprint: string;
  /**
   * Splits a conversation into segments that are supervised or not, without the begin-of-sequence token. Throws an
   * `invalid-data` error that names the conversation when the template cannot write its turns.
   */
  segments(conversation: PlacedConversation): readonly Segment[];
  /**
   * Returns the segments of a prompt up to the beginning of the answer. Prompts are not supervised; marking the
   * answer's start as `supervised` only makes it be tokenized separately from the text before it, like an answer in
   * training. Throws an `invalid-data` error that names the prompt when the template cannot write its turns.
   */
  promptSegments(prompt: PlacedPrompt): readonly Segment[];
  /**
   * The added token that ends an answer, e.g. `<|im_end|>`. Generation stops at it and at the end-of-sequence token.
   * Default: only at the end-of-sequence token.
   */
  readonly answerEnd?: string | undefined;
  /**
   * Whether the begin-of-sequence token is put in front. Default true; false if the template writes it itself or needs
   * none.
   */
  readonly beginOfSequence?: boolean;
  /**
   * The same template in Jinja, for transformers' `apply_chat_template`. It is saved with models as
   * `chat_template.jinja`. Default: the file in the folder that the model was opened from.
   */
  readonly jinja?: string;
  /**
   * The rules by which the original code differs. Default: none, so that both values of `answerSpans` supervise by
   * `segments`.
   */
  readonly original?: OriginalRules;
}

/** A conversation whose images have been assigned to places; see {@link placeImages}. */
export interface PlacedConversation extends Conversation {
  readonly turns: readonly PlacedTurn[];
}

/** A prompt whose images have been assigned to places; see {@link placePromptImages}. */
export interface PlacedPrompt {
  /** The request's id, for errors. */
  readonly id: string;
  /** At most one system turn, then alternating turns that begin and end with the user's. */
  readonly turns: readonly PlacedTurn[];
  readonly answerStart: string;
}

/**
 * The rules by which the original code of arXiv 2411.10557 writes a conversation as one text and locates its answers in
 * the tokens.
 */
export interface OriginalRules {
  /**
   * Renders the text that is trained on, including the placeholders of images. Throws like {@link Template.segments}.
   */
  render(conversation: Conversation): string;
  /** The texts by which `label` locates answers. A turn that contains one of them is misread. */
  readonly borders: readonly string[];
  /**
   * The elements of `borders` that must be tokens. If the tokenizer lacks one, both values of `answerSpans` supervise
   * by `segments`.
   */
  readonly tokens: readonly string[];
  /** Labels the tokens of a rendered conversation. */
  label(input: LabelInput): Labels;
}

export interface LabelInput {
  /** The result of `render`. */
  readonly text: string;
  /**
   * The tokens of `text`, beginning with the begin-of-sequence token if there is one, and possibly truncated to
   * `maximumLength`.
   */
  readonly ids: readonly number[];
  /** Encodes a part of the text in the same way as `ids`. */
  encode(text: string): readonly number[];
  readonly tokenizer: Tokenizer;
  readonly maximumLength: number;
}

export interface Labels {
  /** As many labels as ids: the id itself where it is supervised, IGNORE_INDEX elsewhere. */
  readonly labels: number[];
  /** The reason why no position is supervised, if the rules find one. */
  readonly problem?: string;
}

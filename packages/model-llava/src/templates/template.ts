import type { Conversation } from "@mlan/core";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { PlacedTurn } from "./place-images.ts";
import type { Segment } from "./segments.ts";

/** Writes conversations as text and tokens, for training, evaluation and chat. */
export interface Template {
  readonly name: string;
  /** A text that changes whenever any output of the template could change: text, tokens or labels. */
  readonly fingerprint: string;
  /**
   * Splits a conversation into segments, without the begin-of-sequence token. Throws `invalid-data` with the
   * conversation's name if the template cannot write its turns.
   */
  segments(conversation: PlacedConversation): readonly Segment[];
  /**
   * Returns the segments of a prompt up to the start of the answer. A start that is marked as `supervised` is encoded
   * separately from the preceding text, like an answer in training. Throws `invalid-data` with the prompt's id if the
   * template cannot write its turns.
   */
  promptSegments(prompt: PlacedPrompt): readonly Segment[];
  /**
   * An added token that ends an answer, e.g. `<|im_end|>`. Generation stops at this token and at end-of-sequence.
   * Default: only end-of-sequence ends an answer.
   */
  readonly answerEnd?: string | undefined;
  /**
   * Whether a begin-of-sequence token comes first. False if the template writes this token itself or needs none.
   * Default true.
   */
  readonly beginOfSequence?: boolean;
  /**
   * The same template in Jinja for transformers' `apply_chat_template`, saved with models as `chat_template.jinja`.
   * Default: the file of the opened folder.
   */
  readonly jinja?: string;
  /**
   * The rules of the original code of arXiv 2411.10557. Default: none; both values of `answerSpans` then use
   * `segments`.
   */
  readonly original?: OriginalRules;
}

/** A conversation with images assigned to placeholders; see {@link placeImages}. */
export interface PlacedConversation extends Conversation {
  readonly turns: readonly PlacedTurn[];
}

/** A prompt with images assigned to placeholders; see {@link placePromptImages}. */
export interface PlacedPrompt {
  /** Id of the request, for errors. */
  readonly id: string;
  /** An optional system turn, then alternating turns. The first and the last are the user's. */
  readonly turns: readonly PlacedTurn[];
  readonly answerStart: string;
}

/**
 * The rules by which the original code of arXiv 2411.10557 writes a conversation as one text and locates the answers in
 * its tokens.
 */
export interface OriginalRules {
  /** Renders the text for training, including image placeholders. Throws like {@link Template.segments}. */
  render(conversation: Conversation): string;
  /** The texts by which `label` locates answers. A turn that contains such a text is misread. */
  readonly borders: readonly string[];
  /**
   * Elements of `borders` that must be tokens. If the tokenizer lacks one, both values of `answerSpans` use `segments`.
   */
  readonly tokens: readonly string[];
  /** Labels the tokens of a rendered conversation. */
  label(input: LabelInput): Labels;
}

export interface LabelInput {
  /** The result of `render`. */
  readonly text: string;
  /**
   * The tokens of `text`, with begin-of-sequence first if the tokenizer adds one. They may be truncated to
   * `maximumLength`.
   */
  readonly ids: readonly number[];
  /** Encodes a part of the text as the tokens that it has in the whole text. */
  encode(text: string): readonly number[];
  readonly tokenizer: Tokenizer;
  readonly maximumLength: number;
}

export interface Labels {
  /** One label per id: the id at a supervised position, IGNORE_INDEX elsewhere. */
  readonly labels: number[];
  /** The reason why nothing is supervised, if the rules find one. */
  readonly problem?: string;
}

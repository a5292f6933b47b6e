import type { Conversation } from "@mlan/core";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { PlacedTurn } from "./place-images.ts";
import type { Segment } from "./segments.ts";

/** How conversations are written. The same object serves training, evaluation and chat. */
export interface Template {
  readonly name: string;
  /** Changes whenever a text, a token or a label mask could. */
  readonly fingerprint: string;
  /**
   * The conversation in parts that are learned or not, without the begin-of-sequence token. Throws an `invalid-data` error
   * that names the conversation when the template has no place for its turns.
   */
  segments(conversation: PlacedConversation): readonly Segment[];
  /**
   * What precedes a generated answer: the segments of the same turns, up to the answer's beginning. An answer's start that
   * is marked as learned is cut off from the text before it, as an answer is in training; of a prompt nothing is learned.
   * Throws an `invalid-data` error that names the prompt when the template has no place for its turns.
   */
  promptSegments(prompt: PlacedPrompt): readonly Segment[];
  /**
   * The added token that ends an answer, e.g. `<|im_end|>`: generation stops there as well as at the end-of-sequence token.
   * Default: only at that.
   */
  readonly answerEnd?: string | undefined;
  /** Whether the begin-of-sequence token is put in front. Default true; false where the template writes it, or none. */
  readonly beginOfSequence?: boolean;
  /**
   * The same in Jinja, for transformers' `apply_chat_template`; saved models have it as `chat_template.jinja`. Default:
   * that of the folder that the model was opened from.
   */
  readonly jinja?: string;
  /** What the original code does differently. Default: nothing, so that `text` and `turns` both learn the `segments`. */
  readonly original?: OriginalRules;
}

/** A conversation whose images are placed; see {@link placeImages}. */
export interface PlacedConversation extends Conversation {
  readonly turns: readonly PlacedTurn[];
}

/** A prompt whose images are placed; see {@link placePromptImages}. */
export interface PlacedPrompt {
  /** Of the request, for errors. */
  readonly id: string;
  /** At most one system turn, then alternating turns, from a first to a last user turn. */
  readonly turns: readonly PlacedTurn[];
  readonly answerStart: string;
}

/** How the original code of arXiv 2411.10557 writes a conversation as one text and finds its answers in the tokens. */
export interface OriginalRules {
  /** The text that is trained on, with the placeholders of images in their places. Throws as {@link Template.segments}. */
  render(conversation: Conversation): string;
  /** The texts by which `label` finds answers; a turn that holds one of them is misread. */
  readonly borders: readonly string[];
  /** Those of `borders` that must be tokens; with a tokenizer that lacks one, `text` and `turns` both learn the `segments`. */
  readonly tokens: readonly string[];
  /** Says which tokens of a rendered conversation are learned. */
  label(input: LabelInput): Labels;
}

export interface LabelInput {
  /** As `render` gave it. */
  readonly text: string;
  /** `text` in tokens, first the begin-of-sequence token if there is one, possibly cut at `maximumLength`. */
  readonly ids: readonly number[];
  /** Gives tokens of parts of the text in the way in which `ids` were made. */
  encode(text: string): readonly number[];
  readonly tokenizer: Tokenizer;
  readonly maximumLength: number;
}

export interface Labels {
  /** Same length as the ids: the id itself where it is learned, IGNORE_INDEX elsewhere. */
  readonly labels: number[];
  /** Why nothing is learned, when the template's rules say so. */
  readonly problem?: string;
}

import type { ChatPrompt, Conversation } from "@mlan/core";
import type { PlacedTurn } from "./place-images.ts";
import type { Segment } from "./segments.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** How conversations are written as one text. The same object serves training, evaluation and chat. */
export interface Template {
  readonly name: string;
  /** Changes whenever a text or a label mask could. */
  readonly fingerprint: string;
  /**
   * The text that is trained on. Placeholders of images already stand where they belong. Throws an
   * `invalid-data` error that names the conversation when the template has no place for its turns.
   */
  render(conversation: Conversation): string;
  /**
   * The text before a generated answer: what `render` gives for the same turns, up to the answer's beginning.
   * Placeholders of so many images are put where training has them.
   */
  renderPrompt(prompt: ChatPrompt, images: number): string;
  /** The texts by which `label` finds answers; a turn that holds one of them is misread. */
  readonly borders: readonly string[];
  /** Says which tokens of a rendered conversation are learned, as the original code does. */
  label(input: LabelInput): Labels;
  /** What `render` gives, in parts that are learned or not. Throws as `render` does. */
  segments(conversation: PlacedConversation): readonly Segment[];
}

/** A conversation whose images are placed; see {@link placeImages}. */
interface PlacedConversation extends Conversation {
  readonly turns: readonly PlacedTurn[];
}

export interface LabelInput {
  /** As `render` gave it. */
  readonly text: string;
  /** `text` in tokens, the begin-of-sequence token first, possibly cut at `maximumLength`. */
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

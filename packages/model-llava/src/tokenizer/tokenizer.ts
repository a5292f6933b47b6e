/** Text to token ids and back, as a model's tokenizer of Hugging Face does it. */
export interface Tokenizer {
  /** The folder that it was read from, for messages. */
  readonly folder: string;
  /** The highest id plus one. */
  readonly vocabularySize: number;
  /** Put in front of a text; undefined when the tokenizer puts nothing there. */
  readonly beginOfSequenceId: number | undefined;
  readonly endOfSequenceId: number;
  /** Written for what the vocabulary lacks; undefined when it lacks nothing. */
  readonly unknownId: number | undefined;
  /** Changes whenever a text could be encoded otherwise. */
  readonly fingerprint: string;
  /** The contents of all added tokens, in no order. */
  readonly addedTokens: readonly string[];
  /** The id of an added token, e.g. `</s>`, by its content; pieces of ordinary text have none. */
  idOf(token: string): number | undefined;
  /** Special tokens that are written in the text become their ids. */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * The ids of each part: those of text, in which written special tokens stay text, and a token's own for a number. Text
   * continues the part before it; behind a token it begins as it does behind a special token that is written.
   */
  encodeParts(parts: readonly (string | number)[]): readonly (readonly number[])[];
  /** Special tokens are left out, and so is the space that the first token of a SentencePiece vocabulary begins with. */
  decode(ids: readonly number[]): string;
}

export interface EncodeOptions {
  /** Puts the begin-of-sequence token first, where the tokenizer has one. Default: false. */
  readonly beginOfSequence?: boolean;
  /**
   * Encodes as Hugging Face's fast tokenizer where that differs from the slow one, which is what models are trained with.
   * Default: false. Without effect on kinds of which there is only one.
   */
  readonly fast?: boolean;
}

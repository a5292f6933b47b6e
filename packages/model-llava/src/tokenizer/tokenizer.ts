/** Converts text to token ids and back, like the model's tokenizer in Hugging Face's libraries. */
export interface Tokenizer {
  /** The folder that the tokenizer was read from, for messages. */
  readonly folder: string;
  /** The highest id plus one. */
  readonly vocabularySize: number;
  /** The token put in front of a text; undefined if the tokenizer adds none. */
  readonly beginOfSequenceId: number | undefined;
  readonly endOfSequenceId: number;
  /** The token for characters that the vocabulary lacks; undefined if there is none. */
  readonly unknownId: number | undefined;
  /** A text that changes whenever the encoding of any text could change. */
  readonly fingerprint: string;
  /** The contents of all added tokens, in no particular order. */
  readonly addedTokens: readonly string[];
  /**
   * Returns the id of an added token by its content, e.g. `</s>`; undefined for anything else, including pieces of
   * ordinary text.
   */
  idOf(token: string): number | undefined;
  /** Returns the content of a token, special or not, by its id; undefined for unused ids. */
  tokenOf(id: number): string | undefined;
  /** Encodes a text. Special tokens in the text are recognised. */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * Returns the ids of each part: a text, in which special tokens are not recognised, or a number, which is a token's
   * id. A text continues the text before it; after a token, it begins as it would after a special token in
   * {@link encode}.
   */
  encodeParts(parts: readonly (string | number)[]): readonly (readonly number[])[];
  /** Decodes ids, by the steps in the files or like transformers' LlamaTokenizer. Special tokens are left out. */
  decode(ids: readonly number[]): string;
  /**
   * Decodes ids, but returns only the part of the text that no later id can change. U+FFFD at its end, from bytes that
   * may still become a character, is the exception.
   */
  decodeSettled(ids: readonly number[]): string;
}

export interface EncodeOptions {
  /** Whether the begin-of-sequence token comes first, if the tokenizer has one. Default false. */
  readonly beginOfSequence?: boolean;
  /**
   * Whether to encode like Hugging Face's fast tokenizer instead of Llama's slow one, with which models are trained.
   * Has no effect if the encoding follows the steps of `tokenizer.json` anyway. Default false.
   */
  readonly fast?: boolean;
}

/** Converts text to token ids and back, like the model's tokenizer in Hugging Face's libraries. */
export interface Tokenizer {
  /** The folder of the tokenizer's files, for messages. */
  readonly folder: string;
  /** The highest id plus one. */
  readonly vocabularySize: number;
  /** The token before a text; undefined if the tokenizer adds none. */
  readonly beginOfSequenceId: number | undefined;
  readonly endOfSequenceId: number;
  /** The token for characters outside the vocabulary, if there is one. */
  readonly unknownId: number | undefined;
  /** A text that changes whenever the encoding of any text could change. */
  readonly fingerprint: string;
  /** All added tokens, in no particular order. */
  readonly addedTokens: readonly string[];
  /** Returns the id of an added token, e.g. `</s>`; undefined for any other text, including pieces of ordinary text. */
  idOf(token: string): number | undefined;
  /** Returns the piece or token with an id; undefined for an unused id. */
  tokenOf(id: number): string | undefined;
  /** Encodes a text. Special tokens in the text are recognized. */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * Returns the ids of each part. A part is a text, in which special tokens are not recognized, or a token id. A text
   * continues the text before it; after a token id, it is encoded as after a special token in {@link encode}.
   */
  encodeParts(parts: readonly (string | number)[]): readonly (readonly number[])[];
  /** Decodes ids by the steps in the files, or like transformers' LlamaTokenizer. Special tokens are omitted. */
  decode(ids: readonly number[]): string;
  /** Decodes ids up to the point where later ids can change the text. A U+FFFD at the end may still change. */
  decodeSettled(ids: readonly number[]): string;
}

export interface EncodeOptions {
  /** Whether a begin-of-sequence token comes first, if the tokenizer has one. Default false. */
  readonly beginOfSequence?: boolean;
  /**
   * Whether to encode like Hugging Face's fast tokenizer instead of Llama's slow one, which is used in training. Has no
   * effect on a tokenizer that follows the steps of `tokenizer.json`. Default false.
   */
  readonly fast?: boolean;
}

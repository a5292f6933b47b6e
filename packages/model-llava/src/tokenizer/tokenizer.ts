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
  /** A token's content by its id, special or not; undefined for ids that no token has. */
  tokenOf(id: number): string | undefined;
  /** Special tokens that are written in the text become their ids. */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * The ids of each part: those of text, in which written special tokens stay text, and a token's own for a number. Text
   * continues the part before it; behind a token it begins as it does behind a special token that is written.
   */
  encodeParts(parts: readonly (string | number)[]): readonly (readonly number[])[];
  /** By the steps that the files say, or as transformers' LlamaTokenizer. Special tokens are left out. */
  decode(ids: readonly number[]): string;
  /**
   * The beginning of the decoded text that stays the same whatever ids follow, except for U+FFFD at its end: bytes that may
   * still become a character.
   */
  decodeSettled(ids: readonly number[]): string;
}

export interface EncodeOptions {
  /** Puts the begin-of-sequence token first, where the tokenizer has one. Default: false. */
  readonly beginOfSequence?: boolean;
  /**
   * Encodes as Hugging Face's fast tokenizer where that differs from the slow one of Llama, which is what models are trained
   * with. Default: false. Without effect where the files say what is done step by step.
   */
  readonly fast?: boolean;
}

/** Text to token ids and back, as the slow LlamaTokenizer of Hugging Face does it. */
export interface Tokenizer {
  /** The highest id plus one. */
  readonly vocabularySize: number;
  readonly beginOfSequenceId: number;
  readonly endOfSequenceId: number;
  readonly unknownId: number;
  /**
   * Whether every piece of text between special tokens gets a space in front (the behaviour before
   * transformers 4.31), or only the beginning of the text.
   */
  readonly legacy: boolean;
  /** Changes whenever a text could be encoded otherwise. */
  readonly fingerprint: string;
  /** Special tokens that are written in the text become their ids. */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * The ids of each part: those of text, in which written special tokens stay text, and a token's own for a number. Text
   * continues the part before it; behind a token it begins as it does behind a special token that is written.
   */
  encodeParts(parts: readonly (string | number)[]): readonly (readonly number[])[];
  /** Special tokens are left out, and so is the space that the first token begins with. */
  decode(ids: readonly number[]): string;
}

export interface EncodeOptions {
  /** Puts the begin-of-sequence token first. Default: false. */
  readonly beginOfSequence?: boolean;
  /** Overrides {@link Tokenizer.legacy}: Hugging Face's fast tokenizer encodes as with true, whatever the flag. */
  readonly legacy?: boolean;
}

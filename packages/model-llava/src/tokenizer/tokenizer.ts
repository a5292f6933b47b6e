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
  /** Special tokens that stand literally in the text become their ids. */
  encode(text: string, options?: EncodeOptions): number[];
  /** Special tokens are left out, and so is the space that the first token begins with. */
  decode(ids: readonly number[]): string;
}

export interface EncodeOptions {
  /** Puts the begin-of-sequence token first. Default: false. */
  readonly beginOfSequence?: boolean;
}

import { loadTokenizer, TOKENIZER_FILES } from "./load-tokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A way to read a checkpoint's tokenizer. */
export interface TokenizerKind {
  /** The files that make it, of which a folder may lack some; a checkpoint carries them along. */
  readonly files: readonly string[];
  /** Reads the tokenizer of a folder, which ends in a slash. Throws `invalid-checkpoint` errors that name the file. */
  load(folder: URL): Promise<Tokenizer>;
}

/** Llama's: `tokenizer.json`, or SentencePiece's `tokenizer.model` where that is missing. */
export const llamaTokenizer: TokenizerKind = { files: TOKENIZER_FILES, load: loadTokenizer };

import { BYTE_LEVEL_FILES, LLAMA_FILES, loadByteLevelTokenizer, loadTokenizer } from "./load-tokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** How an architecture's checkpoints hold their tokenizer. */
export interface TokenizerKind {
  /** The files of a folder in Hugging Face layout that decide how text is encoded; a checkpoint carries them along. */
  readonly files: readonly string[];
  /** `folder` ends in a slash. Throws `invalid-checkpoint` errors that name the file, what was found, and what is read. */
  load(folder: URL): Promise<Tokenizer>;
}

/** Byte-pair encoding with spaces as U+2581, as Llama 1 and 2 have it; from `tokenizer.json` or `tokenizer.model`. */
export const llamaTokenizer: TokenizerKind = { files: LLAMA_FILES, load: loadTokenizer };

/**
 * Byte-pair encoding of a text's bytes, as GPT-2, Llama 3 and models with ChatML have it; from `tokenizer.json`, or from
 * `vocab.json` and `merges.txt`. Whether it has a begin-of-sequence token is for the files to say.
 */
export const byteLevelTokenizer: TokenizerKind = { files: BYTE_LEVEL_FILES, load: loadByteLevelTokenizer };

import { BYTE_LEVEL_FILES, LLAMA_FILES, loadByteLevelTokenizer, loadTokenizer } from "./load-tokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** The tokenizer of an architecture's checkpoints. */
export interface TokenizerKind {
  /** The files in Hugging Face layout that affect encoding. Every saved checkpoint has copies. */
  readonly files: readonly string[];
  /**
   * Loads the tokenizer in `folder`, which ends in a slash. Throws `invalid-checkpoint`, which names the file, the
   * problem and what is supported.
   */
  load(folder: URL): Promise<Tokenizer>;
}

/** Byte-pair encoding with spaces as U+2581, as in Llama 1 and 2. Read from `tokenizer.json` or `tokenizer.model`. */
export const llamaTokenizer: TokenizerKind = { files: LLAMA_FILES, load: loadTokenizer };

/**
 * Byte-pair encoding of UTF-8 bytes, as in GPT-2, Llama 3 and models with ChatML. Read from `tokenizer.json`, or from
 * `vocab.json` and `merges.txt`. The files decide whether there is a begin-of-sequence token.
 */
export const byteLevelTokenizer: TokenizerKind = { files: BYTE_LEVEL_FILES, load: loadByteLevelTokenizer };

import { readdir } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";
import { fileExists, readCheckpointFile } from "../config/checkpoint-file.ts";
import { readConfigFile } from "../config/config-file.ts";
import { createTokenizer } from "./create-tokenizer.ts";
import { sentencePieceVocabulary } from "./sentencepiece-vocabulary.ts";
import { readTokenizerConfigFiles, TOKENIZER_CONFIG_FILES, tokenizerConfig } from "./tokenizer-config.ts";
import { tokenizerJsonVocabulary } from "./tokenizer-json.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** The files of a folder in Hugging Face layout that make its tokenizer; a checkpoint carries them along. */
export const TOKENIZER_FILES: readonly string[] = ["tokenizer.json", "tokenizer.model", ...TOKENIZER_CONFIG_FILES];

/**
 * Reads `tokenizer.json`, or the SentencePiece `tokenizer.model` where that is missing, and the files beside it that
 * name special and added tokens. The folder ends in a slash. Throws `invalid-checkpoint` errors that name the file,
 * what was found, and what is supported.
 */
export async function loadTokenizer(folder: URL): Promise<Tokenizer> {
  const vocabulary = await readVocabulary(folder);
  return createTokenizer(vocabulary, tokenizerConfig(await readTokenizerConfigFiles(folder)), folder);
}

async function readVocabulary(folder: URL): Promise<Vocabulary> {
  const json = new URL("tokenizer.json", folder);
  if (await fileExists(json)) return tokenizerJsonVocabulary(await readConfigFile(json), json);
  const sentencePiece = new URL("tokenizer.model", folder);
  if (await fileExists(sentencePiece))
    return sentencePieceVocabulary(await readCheckpointFile(sentencePiece), sentencePiece);
  const held = (await readdir(folder)).toSorted().slice(0, 8).join(", ");
  const message = `model-llava: ${pathOf(folder)} has neither tokenizer.json nor tokenizer.model; it holds ${held || "nothing"}. Copy one from where the weights come from.`;
  throw new MlanError("invalid-checkpoint", message);
}

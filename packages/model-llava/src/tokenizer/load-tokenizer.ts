import { readdir } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";
import { fileExists, readCheckpointFile } from "../config/checkpoint-file.ts";
import { type ConfigObject, readConfigFile } from "../config/config-file.ts";
import { createTokenizer } from "./create-tokenizer.ts";
import { sentencePieceVocabulary } from "./sentencepiece-vocabulary.ts";
import { tokenizerConfig } from "./tokenizer-config.ts";
import { tokenizerJsonVocabulary } from "./tokenizer-json.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** The files of a folder in Hugging Face layout that make its tokenizer; a checkpoint carries them along. */
export const TOKENIZER_FILES: readonly string[] = [
  "tokenizer.json",
  "tokenizer.model",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
];

/**
 * Reads `tokenizer.json`, or the SentencePiece `tokenizer.model` where that is missing, and the files beside it that
 * name special and added tokens. The folder ends in a slash. Throws `invalid-checkpoint` errors that name the file,
 * what was found, and what is supported.
 */
export async function loadTokenizer(folder: URL): Promise<Tokenizer> {
  const vocabulary = await readVocabulary(folder);
  const configFile = new URL("tokenizer_config.json", folder);
  const config = (await readIfThere(configFile)) ?? { value: {}, file: configFile };
  const specialTokens = await readIfThere(new URL("special_tokens_map.json", folder));
  const addedTokens = await readIfThere(new URL("added_tokens.json", folder));
  return createTokenizer(vocabulary, tokenizerConfig({ config, specialTokens, addedTokens }), folder);
}

async function readIfThere(file: URL): Promise<{ readonly value: ConfigObject; readonly file: URL } | undefined> {
  return (await fileExists(file)) ? { value: await readConfigFile(file), file } : undefined;
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

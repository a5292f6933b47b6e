import { readdir } from "node:fs/promises";
import { MlanError, pathOf } from "@mlan/core";
import { fileExists, readCheckpointFile } from "../config/checkpoint-file.ts";
import { readConfigFile } from "../config/config-file.ts";
import { createTokenizer, type TokenizerSource } from "./create-tokenizer.ts";
import { readSentencePiece } from "./sentencepiece-vocabulary.ts";
import { refuser } from "./step.ts";
import { readTokenizerConfigFiles, TOKENIZER_CONFIG_FILES, tokenizerConfig } from "./tokenizer-config.ts";
import { parseTokenizerJson } from "./tokenizer-json.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { readVocabularyFiles } from "./vocabulary-files.ts";

/** The files of a Llama tokenizer in Hugging Face layout. Every saved checkpoint has copies. */
export const LLAMA_FILES: readonly string[] = ["tokenizer.json", "tokenizer.model", ...TOKENIZER_CONFIG_FILES];
export const BYTE_LEVEL_FILES: readonly string[] = [
  "tokenizer.json",
  "vocab.json",
  "merges.txt",
  ...TOKENIZER_CONFIG_FILES,
];

/**
 * Reads `tokenizer.json`, or else the SentencePiece `tokenizer.model`, and the files for special and added tokens.
 * `folder` ends in a slash. Throws `invalid-checkpoint` with the file, the problem and what is supported.
 */
export async function loadTokenizer(folder: URL): Promise<Tokenizer> {
  const config = tokenizerConfig(await readTokenizerConfigFiles(folder));
  const source = (await readJson(folder)) ?? (await readSentencePieceFile(folder));
  const named = { ...config, className: config.className ?? "LlamaTokenizer" };
  if (source)
    return createTokenizer(source, named, { folder, defaults: { begin: "<s>", end: "</s>", unknown: "<unk>" } });
  throw await nothingThere(folder, "tokenizer.json nor tokenizer.model");
}

/**
 * Reads `tokenizer.json`, or else `vocab.json` and `merges.txt`, and the files for special and added tokens. Throws
 * `invalid-checkpoint`.
 */
export async function loadByteLevelTokenizer(folder: URL): Promise<Tokenizer> {
  const config = tokenizerConfig(await readTokenizerConfigFiles(folder));
  const source = await readJson(folder);
  if (source?.json?.preTokenizers.at(-1)?.type !== "ByteLevel" && source)
    throw refuser(source.file)("does not turn text into bytes");
  if (source) return createTokenizer(source, config, { folder, defaults: {} });
  const merges = new URL("merges.txt", folder);
  if (!(await fileExists(merges))) throw await nothingThere(folder, "tokenizer.json nor vocab.json with merges.txt");
  const json = parseTokenizerJson(await readVocabularyFiles(folder, config.className), merges);
  return createTokenizer({ json, file: merges, vocabulary: json.vocabulary, leavesBegin: true }, config, {
    folder,
    defaults: {},
  });
}

async function readJson(folder: URL): Promise<TokenizerSource | undefined> {
  const file = new URL("tokenizer.json", folder);
  if (!(await fileExists(file))) return undefined;
  const json = parseTokenizerJson(await readConfigFile(file), file);
  return { json, file, vocabulary: json.vocabulary };
}

async function readSentencePieceFile(folder: URL): Promise<TokenizerSource | undefined> {
  const file = new URL("tokenizer.model", folder);
  if (!(await fileExists(file))) return undefined;
  return { ...readSentencePiece(await readCheckpointFile(file), file), file };
}

async function nothingThere(folder: URL, files: string): Promise<MlanError> {
  const held = (await readdir(folder)).toSorted().slice(0, 8).join(", ");
  return new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(folder)} has neither ${files}; it holds ${held || "nothing"}. Copy one from the source of the weights.`,
  );
}

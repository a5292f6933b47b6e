import { z } from "zod";
import { checkConfig, type ConfigObject } from "../config/config-file.ts";
import { type AddedToken, tokenId } from "./vocabulary.ts";

/** What a `tokenizer_config.json` says about a Llama tokenizer. */
export interface TokenizerConfig {
  /** Every piece of text between special tokens gets a space in front, not only the first. */
  readonly legacy: boolean;
  readonly beginOfSequence: string;
  readonly endOfSequence: string;
  readonly unknown: string;
  readonly added: readonly AddedToken[];
}

/**
 * Reads the keys of `tokenizer_config.json` and, as transformers does where that lists no `added_tokens_decoder`, of
 * `special_tokens_map.json` and `added_tokens.json`. What is missing has the default of Hugging Face's LlamaTokenizer,
 * where `legacy` is true.
 */
export function tokenizerConfig(files: TokenizerConfigFiles): TokenizerConfig {
  const own = checkConfig(schema, files.config.value, files.config.file);
  const older = own.added_tokens_decoder == null;
  const map =
    older && files.specialTokens ? checkConfig(mapSchema, files.specialTokens.value, files.specialTokens.file) : {};
  const config = { ...own, ...map };
  const ids = older && files.addedTokens ? checkConfig(idsSchema, files.addedTokens.value, files.addedTokens.file) : {};
  return {
    legacy: config.legacy ?? true,
    beginOfSequence: config.bos_token ?? "<s>",
    endOfSequence: config.eos_token ?? "</s>",
    unknown: config.unk_token ?? "<unk>",
    added: [
      ...Object.entries(config.added_tokens_decoder ?? {}).map(([id, { content, special }]) => ({
        id: Number(id),
        content,
        special,
      })),
      ...Object.entries(ids).map(([content, id]) => ({ id, content, special: true })),
    ],
  };
}

/** A file that was read. */
interface ReadFile {
  readonly value: ConfigObject;
  readonly file: URL;
}

export interface TokenizerConfigFiles {
  readonly config: ReadFile;
  readonly specialTokens: ReadFile | undefined;
  readonly addedTokens: ReadFile | undefined;
}

const flag = z.literal(false, { error: "only false is supported" }).nullish();
const flags = { lstrip: flag, rstrip: flag, single_word: flag };
const text = z.string().min(1, "it must not be empty: remove the key, or write the token");
const tokenText = z.union([text, z.object({ content: text, ...flags }).transform(({ content }) => content)]);
const specialTokens = {
  bos_token: tokenText.nullish(),
  eos_token: tokenText.nullish(),
  unk_token: tokenText.nullish(),
};
const mapSchema = z.object(specialTokens);
const idsSchema = z.record(z.string().min(1), tokenId);
const schema = z.object({
  ...specialTokens,
  legacy: z.boolean().nullish(),
  added_tokens_decoder: z
    .record(
      z.string().regex(/^\d{1,8}$/),
      z.object({
        content: z.string().min(1),
        special: z.boolean().default(false),
        ...flags,
      }),
    )
    .nullish(),
});

import { z } from "zod";
import { checkConfig, type ConfigObject } from "../config/config-file.ts";
import type { AddedToken } from "./vocabulary.ts";

/** What a `tokenizer_config.json` says about a Llama tokenizer. */
export interface TokenizerConfig {
  /** Every piece of text between special tokens gets a space in front, not only the first. */
  readonly legacy: boolean;
  readonly beginOfSequence: string;
  readonly endOfSequence: string;
  readonly unknown: string;
  readonly added: readonly AddedToken[];
}

/** Reads the keys; what is missing has the default of Hugging Face's LlamaTokenizer, where `legacy` is true. */
export function tokenizerConfig(value: ConfigObject, file: URL): TokenizerConfig {
  const config = checkConfig(schema, value, file);
  return {
    legacy: config.legacy ?? true,
    beginOfSequence: config.bos_token ?? "<s>",
    endOfSequence: config.eos_token ?? "</s>",
    unknown: config.unk_token ?? "<unk>",
    added: Object.entries(config.added_tokens_decoder ?? {}).map(([id, token]) => ({ ...token, id: Number(id) })),
  };
}

const tokenText = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const schema = z.object({
  legacy: z.boolean().nullish(),
  bos_token: tokenText.nullish(),
  eos_token: tokenText.nullish(),
  unk_token: tokenText.nullish(),
  added_tokens_decoder: z
    .record(z.string().regex(/^\d+$/), z.object({ content: z.string().min(1), special: z.boolean().default(false) }))
    .nullish(),
});

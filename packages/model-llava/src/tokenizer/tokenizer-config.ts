import { z } from "zod";
import { fileExists } from "../config/checkpoint-file.ts";
import { checkConfig, type ConfigObject, readConfigFile } from "../config/config-file.ts";
import { type AddedToken, tokenId } from "./vocabulary.ts";

/** Files that name special and added tokens, in a folder that has them. */
export const TOKENIZER_CONFIG_FILES: readonly string[] = [
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
];

export interface TokenizerConfigFiles {
  readonly config: ReadFile;
  readonly specialTokens: ReadFile | undefined;
  readonly addedTokens: ReadFile | undefined;
}

/** A file that was read. */
interface ReadFile {
  readonly value: ConfigObject;
  readonly file: URL;
}

/** Throws an `invalid-checkpoint` error that names the file when one holds no JSON object. */
export async function readTokenizerConfigFiles(folder: URL): Promise<TokenizerConfigFiles> {
  const [own, specialTokens, addedTokens] = await Promise.all(
    TOKENIZER_CONFIG_FILES.map((name) => readIfThere(new URL(name, folder))),
  );
  return { config: own ?? { value: {}, file: new URL("tokenizer_config.json", folder) }, specialTokens, addedTokens };
}

async function readIfThere(file: URL): Promise<ReadFile | undefined> {
  return (await fileExists(file)) ? { value: await readConfigFile(file), file } : undefined;
}

/** What the files say of a tokenizer of any kind. */
export interface TokenizerConfig {
  /** Of Llama's kind: every piece of text between special tokens gets a space in front, not only the first. */
  readonly legacy: boolean | undefined;
  readonly beginOfSequence: string | undefined;
  readonly endOfSequence: string | undefined;
  readonly unknown: string | undefined;
  readonly added: readonly AddedToken[];
}

/**
 * Reads the keys of `tokenizer_config.json` and, as transformers does where that lists no `added_tokens_decoder`, of
 * `special_tokens_map.json` and `added_tokens.json`.
 */
export function tokenizerConfig(files: TokenizerConfigFiles): TokenizerConfig {
  const own = checkConfig(schema, files.config.value, files.config.file);
  const older = own.added_tokens_decoder == null;
  const map =
    older && files.specialTokens ? checkConfig(mapSchema, files.specialTokens.value, files.specialTokens.file) : {};
  const config = { ...own, ...map };
  const ids = older && files.addedTokens ? checkConfig(idsSchema, files.addedTokens.value, files.addedTokens.file) : {};
  return {
    legacy: config.legacy ?? undefined,
    beginOfSequence: config.bos_token ?? undefined,
    endOfSequence: config.eos_token ?? undefined,
    unknown: config.unk_token ?? undefined,
    added: [
      ...Object.entries(config.added_tokens_decoder ?? {}).map(([id, { content, special, normalized }]) => ({
        id: Number(id),
        content,
        special,
        normalized: normalized ?? !special,
      })),
      ...Object.entries(ids).map(([content, id]) => ({ id, content, special: true })),
    ],
  };
}

const flag = z.literal(false, { error: "only false is supported" }).nullish();
const flags = { lstrip: flag, rstrip: flag, single_word: flag };
const text = z.string().min(1, "it must not be empty: remove the key, or write the token");
/** A token's content, as text or within an object. */
export const tokenText: z.ZodType<string> = z.union([
  text,
  z.object({ content: text, ...flags }).transform(({ content }) => content),
]);
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
        normalized: z.boolean().optional(),
        ...flags,
      }),
    )
    .nullish(),
});

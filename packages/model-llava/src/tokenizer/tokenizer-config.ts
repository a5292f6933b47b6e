import { z } from "zod";
import { fileExists } from "../config/checkpoint-file.ts";
import { checkConfig, type ConfigObject, readConfigFile } from "../config/config-file.ts";
import type { SpecialToken } from "./added-tokens.ts";
import { type AddedToken, tokenId } from "./vocabulary.ts";

/** The files in which a folder may list special and added tokens. */
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

interface ReadFile {
  readonly value: ConfigObject;
  readonly file: URL;
}

/** Reads the files that exist. Throws `invalid-checkpoint` for a file without a JSON object. */
export async function readTokenizerConfigFiles(folder: URL): Promise<TokenizerConfigFiles> {
  const [own, specialTokens, addedTokens] = await Promise.all(
    TOKENIZER_CONFIG_FILES.map((name) => readIfThere(new URL(name, folder))),
  );
  return { config: own ?? { value: {}, file: new URL("tokenizer_config.json", folder) }, specialTokens, addedTokens };
}

async function readIfThere(file: URL): Promise<ReadFile | undefined> {
  return (await fileExists(file)) ? { value: await readConfigFile(file), file } : undefined;
}

export interface TokenizerConfig {
  /** The class in transformers, if the files name one. */
  readonly className: string | undefined;
  /**
   * For SentencePiece tokenizers of Llama: whether every piece of text between special tokens gets a space in front,
   * rather than only the first.
   */
  readonly legacy: boolean | undefined;
  readonly addPrefixSpace: boolean | undefined;
  /** Whether a begin-of-sequence token comes first. A post-processor in `tokenizer.json` takes precedence. */
  readonly addBeginOfSequence: boolean | undefined;
  readonly cleansUp: boolean;
  readonly beginOfSequence: string | undefined;
  readonly endOfSequence: string | undefined;
  readonly unknown: string | undefined;
  /** All special tokens, in the order of transformers. */
  readonly special: readonly SpecialToken[];
  readonly added: readonly AddedToken[];
}

/**
 * Reads the keys of `tokenizer_config.json`. If it has no `added_tokens_decoder`, also reads `special_tokens_map.json`
 * and `added_tokens.json`, as transformers does.
 */
export function tokenizerConfig(files: TokenizerConfigFiles): TokenizerConfig {
  const own = checkConfig(schema, files.config.value, files.config.file);
  const older = own.added_tokens_decoder == null;
  const map =
    older && files.specialTokens ? checkConfig(mapSchema, files.specialTokens.value, files.specialTokens.file) : {};
  const config = { ...own, ...map };
  const ids = older && files.addedTokens ? checkConfig(idsSchema, files.addedTokens.value, files.addedTokens.file) : {};
  const further = [config.additional_special_tokens, config.extra_special_tokens].flatMap((tokens) =>
    Object.values(tokens ?? {}),
  );
  // Tokens of the model, such as `image_token` of LLaVA.
  const ofModel = Object.entries(files.config.value).flatMap(([key, value]) =>
    key.endsWith("_token") && !(key in specialTokens) && typeof value === "string" ? [{ content: value }] : [],
  );
  const { bos_token: begin, eos_token: end, unk_token: unknown, sep_token, pad_token, cls_token, mask_token } = config;
  const roles = [begin, end, unknown, sep_token, pad_token, cls_token, mask_token];
  const special = [...roles, ...ofModel, ...further].flatMap((token) => (token?.content ? [token] : []));
  const names = new Set(special.map(({ content }) => content));
  return {
    className: own.tokenizer_class?.replace(/Fast$/, ""),
    legacy: config.legacy ?? undefined,
    addPrefixSpace: config.add_prefix_space ?? undefined,
    addBeginOfSequence: config.add_bos_token ?? undefined,
    cleansUp: config.clean_up_tokenization_spaces ?? false,
    beginOfSequence: begin?.content || undefined,
    endOfSequence: end?.content || undefined,
    unknown: unknown?.content || undefined,
    special,
    added: [
      ...Object.entries(config.added_tokens_decoder ?? {}).map(([id, token]) => ({ id: Number(id), ...token })),
      ...Object.entries(ids).map(([content, id]) => ({
        id,
        content,
        special: names.has(content),
        normalized: !names.has(content),
      })),
    ],
  };
}

/** Classes that follow only `tokenizer.json`. The second is PreTrainedTokenizerFast without the suffix "Fast". */
export const GENERIC_CLASSES: ReadonlySet<string> = new Set(["TokenizersBackend", "PreTrainedTokenizer"]);

const flag = z.boolean().nullish();
const flags = { normalized: flag, lstrip: flag, rstrip: flag, single_word: flag };

/** Converts flags to the names in this package. */
function flagsOf({
  lstrip,
  rstrip,
  single_word,
}: { readonly [Key in keyof typeof flags]?: boolean | null | undefined }) {
  return { ...(lstrip && { lstrip }), ...(rstrip && { rstrip }), ...(single_word && { singleWord: true }) };
}

/** Schema of an added token in `tokenizer.json` or `added_tokens_decoder`, without its id. */
export const writtenToken: z.ZodType<Omit<AddedToken, "id">> = z
  .object({ content: z.string().min(1), special: z.boolean().default(false), ...flags })
  .transform(({ content, special, normalized, ...rest }) => ({
    content,
    special,
    normalized: normalized ?? !special,
    ...flagsOf(rest),
  }));

/** Schema of a special token: a string or an object. An empty string is no token. */
const specialToken = z
  .union([z.string(), z.object({ content: z.string(), ...flags })])
  .transform((token): SpecialToken =>
    typeof token === "string"
      ? { content: token }
      : { content: token.content, ...(token.normalized && { normalized: true }), ...flagsOf(token) },
  )
  .nullish();
const tokens = z.union([z.array(specialToken), z.record(z.string(), specialToken)]).nullish();
const specialTokens = {
  bos_token: specialToken,
  eos_token: specialToken,
  unk_token: specialToken,
  sep_token: specialToken,
  pad_token: specialToken,
  cls_token: specialToken,
  mask_token: specialToken,
  additional_special_tokens: tokens,
  extra_special_tokens: tokens,
};
const mapSchema = z.object(specialTokens);
const idsSchema = z.record(z.string().min(1), tokenId);
const schema = z.object({
  ...specialTokens,
  tokenizer_class: z.string().nullish(),
  legacy: z.boolean().nullish(),
  add_prefix_space: z.boolean().nullish(),
  add_bos_token: z.boolean().nullish(),
  clean_up_tokenization_spaces: z.boolean().nullish(),
  split_special_tokens: z.literal(false, { error: "only false is supported" }).nullish(),
  added_tokens_decoder: z.record(z.string().regex(/^\d{1,8}$/), writtenToken).nullish(),
});

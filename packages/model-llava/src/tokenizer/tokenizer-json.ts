import { shownValue } from "@mlan/core";
import { z } from "zod";
import { checkConfig, type ConfigObject, isObject } from "../config/config-file.ts";
import { BYTE_CHARACTERS } from "./byte-characters.ts";
import { type DecoderStep, decoderSchema } from "./decoders.ts";
import { type NormalizerStep, normalizerSchema } from "./normalizers.ts";
import { type FrontToken, frontToken, postProcessorSchema } from "./post-processor.ts";
import { type PreTokenizerStep, preTokenizerSchema } from "./pre-tokenizers.ts";
import { type Refuse, refuser, stepType } from "./step.ts";
import { writtenToken } from "./tokenizer-config.ts";
import { isTokenId, tokenId, type Vocabulary } from "./vocabulary.ts";

/** The contents of a `tokenizer.json`, with its steps as written in the file. */
export interface TokenizerJson {
  readonly vocabulary: Vocabulary;
  readonly merging: Merging;
  readonly normalizers: readonly NormalizerStep[];
  readonly preTokenizers: readonly PreTokenizerStep[];
  readonly decoders: readonly DecoderStep[];
  /**
   * The token before a text; undefined without such a token; null if the file leaves the decision to the tokenizer's
   * class.
   */
  readonly begin: FrontToken | null | undefined;
}

/** The encoding of a word as pieces. */
interface Merging {
  /** Whether a word that is a piece becomes one token without merging. */
  readonly wholeWords: boolean;
  /** Whether a character without a piece becomes the pieces of its UTF-8 bytes. */
  readonly byteFallback: boolean;
  /** The token for a character that does not become bytes; undefined drops the character. */
  readonly unknown: string | undefined;
  /** Whether consecutive unknown tokens become one. */
  readonly fusesUnknown: boolean;
}

/**
 * Parses a `tokenizer.json`. Throws `invalid-checkpoint`, with the unsupported content, for a file that this package
 * cannot follow exactly.
 */
export function parseTokenizerJson(value: ConfigObject, file: URL): TokenizerJson {
  const refuse = refuser(file);
  const kind = checkConfig(kindSchema, value, file);
  refuseOtherModels(kind.model, refuse);
  const { post_processor: processors } = kind;
  const begin = processors ? frontToken(processors, refuse) : null;
  const vocabulary = readVocabulary(value, file, refuse);
  const isByteLevel = kind.pre_tokenizer.at(-1)?.type === "ByteLevel";
  const unknown = kind.model.unk_token ?? undefined;
  if (isByteLevel && unknown === undefined) refuseMissingBytes(vocabulary, refuse);
  return {
    vocabulary,
    merging: {
      wholeWords: kind.model.ignore_merges ?? false,
      byteFallback: kind.model.byte_fallback ?? false,
      unknown,
      fusesUnknown: kind.model.fuse_unk ?? false,
    },
    normalizers: kind.normalizer,
    preTokenizers: kind.pre_tokenizer,
    decoders: kind.decoder,
    begin,
  };
}

function refuseOtherModels(model: z.infer<typeof modelSchema>, refuse: Refuse): void {
  if (model.type !== "BPE") throw refuse(`is of type ${model.type}`);
  if (model.dropout) throw refuse("leaves out merges at random (dropout)");
  const affix = model.continuing_subword_prefix || model.end_of_word_suffix;
  if (affix) throw refuse(`marks pieces inside words with ${shownValue(affix)}`);
}

function refuseMissingBytes({ ids }: Vocabulary, refuse: Refuse): void {
  const missing = BYTE_CHARACTERS.findIndex((character, byte) => isInUtf8(byte) && !ids.has(character));
  if (missing >= 0) throw refuse(`has no piece for the byte ${missing} and no unknown token`);
}

/** Returns whether a byte can occur in UTF-8. */
function isInUtf8(byte: number): boolean {
  return byte < 0xf5 && byte !== 0xc0 && byte !== 0xc1;
}

function readVocabulary(value: ConfigObject, file: URL, refuse: Refuse): Vocabulary {
  const { model, added_tokens: added } = checkConfig(vocabularySchema, value, file);
  const lacks = model.merges.find(
    ([left, right]) => ![left, right, left + right].every((piece) => model.vocab.has(piece)),
  );
  if (lacks) throw refuse(`joins ${shownValue(lacks.join(" "))}, pieces that its vocabulary lacks`);
  return { ids: model.vocab, merges: model.merges, added };
}

const modelSchema = z.object({
  type: stepType,
  byte_fallback: z.boolean().nullish(),
  ignore_merges: z.boolean().nullish(),
  dropout: z.number().nullish(),
  unk_token: z.string().nullish(),
  fuse_unk: z.boolean().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
});
const kindSchema = z.object({
  normalizer: normalizerSchema,
  pre_tokenizer: preTokenizerSchema,
  model: modelSchema,
  post_processor: postProcessorSchema,
  decoder: decoderSchema,
});

// Older files write a merge as one string.
const mergeText = z.string().regex(/^[^ ]+ [^ ]+$/, "must be two pieces with a space between");
const merge = z.union([z.tuple([z.string(), z.string()]), mergeText.transform(splitMerge)]);
// A custom schema, because zod's record would copy all pieces, up to 150,000.
const vocabulary = z
  .custom<Readonly<Record<string, unknown>>>(isObject, "must be an object")
  .transform((pieces, { issues }) => {
    const ids = new Map<string, number>();
    for (const piece of Object.keys(pieces)) {
      const id = pieces[piece];
      if (isTokenId(id)) ids.set(piece, id);
      else
        issues.push({ code: "custom", input: id, path: [piece], message: "must be a whole number from 0 to 67108863" });
    }
    return ids;
  });
const vocabularySchema = z.object({
  model: z.object({ vocab: vocabulary, merges: z.array(merge) }),
  added_tokens: z.array(z.object({ id: tokenId }).and(writtenToken)).default([]),
});

function splitMerge(text: string): [string, string] {
  const space = text.indexOf(" ");
  return [text.slice(0, space), text.slice(space + 1)];
}

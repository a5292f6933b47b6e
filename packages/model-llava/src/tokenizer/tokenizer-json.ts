import { MlanError, pathOf, shownValue } from "@mlan/core";
import { z } from "zod";
import { checkConfig, type ConfigObject, isObject } from "../config/config-file.ts";
import { isTokenId, tokenId, type Vocabulary } from "./vocabulary.ts";

/**
 * The vocabulary of a `tokenizer.json` of Llama's kind: byte-pair encoding with byte fallback, spaces as U+2581.
 * Throws an `invalid-checkpoint` error that says which kind was found when it is another.
 */
export function tokenizerJsonVocabulary(value: ConfigObject, file: URL): Vocabulary {
  refuseOtherKinds(checkConfig(kindSchema, value, file), file);
  return tokenizerVocabulary(value, file, (found) => unsupported(file, found));
}

/** The vocabulary of a byte-pair `tokenizer.json` of any kind. Throws `refuse` of what is not supported. */
export function tokenizerVocabulary(value: ConfigObject, file: URL, refuse: (found: string) => MlanError): Vocabulary {
  const { model, added_tokens: added } = checkConfig(vocabularySchema, value, file);
  const odd = added.find((token) => token.lstrip || token.rstrip || token.single_word);
  if (odd) throw refuse(`has the token ${shownValue(odd.content)} with lstrip, rstrip or single_word`);
  const lacks = model.merges.find(
    ([left, right]) => ![left, right, left + right].every((piece) => model.vocab.has(piece)),
  );
  if (lacks) throw refuse(`joins ${shownValue(lacks.join(" "))}, pieces that its vocabulary lacks`);
  return {
    ids: model.vocab,
    merges: model.merges,
    added: added.map(({ id, content, special, normalized }) => ({
      id,
      content,
      special,
      normalized: normalized ?? !special,
    })),
  };
}

/** Steps that put in the space mark; the tokenizer does that itself, by the rules of the slow LlamaTokenizer. */
const SPACE_STEPS = new Set(["Prepend", "Replace", "Metaspace"]);

function refuseOtherKinds({ normalizer, pre_tokenizer, model }: z.infer<typeof kindSchema>, file: URL): void {
  if (model.type !== "BPE") throw unsupported(file, `is of type ${model.type.slice(0, 60)}`);
  const steps = [normalizer, pre_tokenizer].flatMap((step) => {
    if (step?.type !== "Sequence") return step ? [step.type] : [];
    return [...(step.normalizers ?? []), ...(step.pretokenizers ?? [])].map(({ type }) => type);
  });
  const foreign = steps.find((type) => !SPACE_STEPS.has(type));
  if (foreign !== undefined) throw unsupported(file, `is of type BPE with ${foreign.slice(0, 60)}`);
  if (!model.byte_fallback) throw unsupported(file, "is of type BPE without byte fallback");
  if (model.ignore_merges) throw unsupported(file, "takes whole words before it merges (ignore_merges)");
  if (model.dropout) throw unsupported(file, "leaves out merges at random (dropout)");
}

function unsupported(file: URL, found: string): MlanError {
  return new MlanError(
    "invalid-checkpoint",
    `model-llava: ${pathOf(file)}: the tokenizer ${found}. Supported are tokenizers of Llama's kind ` +
      "(BPE with byte fallback and spaces as U+2581), as tokenizer.json or as SentencePiece tokenizer.model.",
  );
}

const typed = z.object({ type: z.string() });
const step = typed.extend({ normalizers: z.array(typed).optional(), pretokenizers: z.array(typed).optional() });
const kindSchema = z.object({
  normalizer: step.nullish(),
  pre_tokenizer: step.nullish(),
  model: z.object({
    type: z.string().default("unnamed"),
    byte_fallback: z.boolean().nullish(),
    ignore_merges: z.boolean().nullish(),
    dropout: z.number().nullish(),
  }),
});

// Older files write a merge as one string.
const mergeText = z.string().regex(/^[^ ]+ [^ ]+$/, "must be two pieces with a space between");
const merge = z.union([z.tuple([z.string(), z.string()]), mergeText.transform(splitMerge)]);
const addedToken = z.object({
  id: tokenId,
  content: z.string().min(1),
  special: z.boolean().default(false),
  normalized: z.boolean().optional(),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  single_word: z.boolean().default(false),
});
// Not zod's record, which copies the 150,000 pieces of some models once more.
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
  added_tokens: z.array(addedToken).default([]),
});

function splitMerge(text: string): [string, string] {
  const space = text.indexOf(" ");
  return [text.slice(0, space), text.slice(space + 1)];
}

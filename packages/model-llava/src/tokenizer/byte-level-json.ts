import { MlanError, pathOf, shownValue } from "@mlan/core";
import { z } from "zod";
import { checkConfig, type ConfigObject } from "../config/config-file.ts";
import { BYTE_CHARACTERS } from "./byte-characters.ts";
import { GPT2_RULE, type SplitRule } from "./split-words.ts";
import { tokenizerVocabulary } from "./tokenizer-json.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What a `tokenizer.json` of the byte-level kind says. */
export interface ByteLevelModel {
  /** Pieces in {@link BYTE_CHARACTERS}. */
  readonly vocabulary: Vocabulary;
  /** Whether a word that is a piece is taken whole, before anything is merged. */
  readonly wholeWords: boolean;
  /** Unicode normalization forms that text goes through before it is cut into words. */
  readonly forms: readonly NormalizationForm[];
  readonly rules: readonly SplitRule[];
  /** The token that is put in front of a text. */
  readonly begin: { readonly content: string; readonly ids: readonly number[] } | undefined;
}

type NormalizationForm = "NFC" | "NFD" | "NFKC" | "NFKD";

/** Throws an `invalid-checkpoint` error that says what was found when the file is of another kind. */
export function byteLevelModel(value: ConfigObject, file: URL): ByteLevelModel {
  const kind = checkConfig(kindSchema, value, file);
  const refuse = (found: string): MlanError =>
    new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(file)}: the tokenizer ${found}. Supported are byte-level BPE tokenizers, as GPT-2, Llama 3 and ` +
        "models with ChatML have them.",
    );
  refuseOtherModels(kind.model, refuse);
  if (kind.decoder && kind.decoder.type !== "ByteLevel") throw refuse(`decodes by ${kind.decoder.type.slice(0, 60)}`);
  const model = {
    wholeWords: kind.model.ignore_merges ?? false,
    forms: formsOf(kind.normalizer, refuse),
    rules: rulesOf(kind.pre_tokenizer, refuse),
    begin: beginOf(kind.post_processor, refuse),
  };
  const vocabulary = tokenizerVocabulary(value, file, refuse);
  const missing = BYTE_CHARACTERS.findIndex((character, byte) => isInUtf8(byte) && !vocabulary.ids.has(character));
  if (missing >= 0) throw refuse(`has no piece for the byte ${missing}`);
  return { ...model, vocabulary };
}

type Refuse = (found: string) => MlanError;

function refuseOtherModels(model: z.infer<typeof modelSchema>, refuse: Refuse): void {
  if (model.type !== "BPE") throw refuse(`is of type ${model.type.slice(0, 60)}`);
  if (model.dropout) throw refuse("leaves out merges at random (dropout)");
  const affix = model.continuing_subword_prefix || model.end_of_word_suffix;
  if (affix) throw refuse(`marks pieces within words by ${shownValue(affix)}`);
}

function formsOf(normalizer: z.infer<typeof normalizerSchema> | null | undefined, refuse: Refuse): NormalizationForm[] {
  const steps = normalizer?.type === "Sequence" ? (normalizer.normalizers ?? []) : normalizer ? [normalizer] : [];
  return steps.map(({ type }) => {
    const form = FORMS.find((one) => one === type);
    if (form === undefined) throw refuse(`changes text by ${type.slice(0, 60)}`);
    return form;
  });
}

const FORMS = ["NFC", "NFD", "NFKC", "NFKD"] as const;

function rulesOf(steps: z.infer<typeof preTokenizerSchema> | null | undefined, refuse: Refuse): SplitRule[] {
  const all = steps?.type === "Sequence" ? (steps.pretokenizers ?? []) : steps ? [steps] : [];
  const last = all.at(-1);
  if (last?.type !== "ByteLevel") throw refuse("does not turn text into bytes");
  return all.flatMap((step, index) => {
    if (step === last) {
      if (step.add_prefix_space) throw refuse("puts a space in front of text (add_prefix_space)");
      return (step.use_regex ?? true) ? [GPT2_RULE] : [];
    }
    if (step.type === "Digits") return [{ pattern: step.individual_digits ? "\\p{N}" : "\\p{N}+", keepsRest: true }];
    const pattern = step.pattern?.Regex;
    if (step.type !== "Split" || pattern === undefined) throw refuse(`cuts text by ${step.type.slice(0, 60)}`);
    if (step.behavior === "Isolated" && !step.invert) return [{ pattern, keepsRest: true }];
    if (step.behavior === "Removed" && step.invert) return [{ pattern, keepsRest: false }];
    throw refuse(
      `cuts text by Split with behavior ${shownValue(step.behavior)} and invert ${shownValue(step.invert)} in step ${index + 1}`,
    );
  });
}

function beginOf(
  processor: z.infer<typeof processorSchema> | null | undefined,
  refuse: Refuse,
): ByteLevelModel["begin"] {
  const steps = processor?.type === "Sequence" ? (processor.processors ?? []) : processor ? [processor] : [];
  const templates = steps.filter(({ type }) => type !== "ByteLevel");
  const [template] = templates;
  if (template === undefined) return undefined;
  if (templates.length > 1 || template.type !== "TemplateProcessing")
    throw refuse(`puts tokens around text by ${templates.map(({ type }) => type.slice(0, 60)).join(" and ")}`);
  const places = (template.single ?? []).map((place) => place.SpecialToken?.id);
  const [content] = places;
  const isBare = places.length === 1 && content === undefined;
  if (isBare) return undefined;
  if (places.length !== 2 || content === undefined || places[1] !== undefined)
    throw refuse("puts other tokens around text than one in front");
  return { content, ids: template.special_tokens?.[content]?.ids ?? [] };
}

/** The others are no part of any character. */
function isInUtf8(byte: number): boolean {
  return byte < 0xf5 && byte !== 0xc0 && byte !== 0xc1;
}

const type = z.string().default("unnamed");
const modelSchema = z.object({
  type,
  ignore_merges: z.boolean().nullish(),
  dropout: z.number().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
});
const normalizerSchema = z.object({ type, normalizers: z.array(z.object({ type })).optional() });
const preTokenizer = z.object({
  type,
  pattern: z.object({ Regex: z.string().optional() }).optional(),
  behavior: z.string().optional(),
  invert: z.boolean().optional(),
  individual_digits: z.boolean().optional(),
  add_prefix_space: z.boolean().optional(),
  use_regex: z.boolean().optional(),
});
const preTokenizerSchema = preTokenizer.extend({ pretokenizers: z.array(preTokenizer).optional() });
const processor = z.object({
  type,
  single: z
    .array(
      z.object({
        SpecialToken: z.object({ id: z.string() }).optional(),
        Sequence: z.object({ id: z.literal("A") }).optional(),
      }),
    )
    .optional(),
  special_tokens: z.record(z.string(), z.object({ ids: z.array(z.number()) })).optional(),
});
const processorSchema = processor.extend({ processors: z.array(processor).optional() });
const kindSchema = z.object({
  normalizer: normalizerSchema.nullish(),
  pre_tokenizer: preTokenizerSchema.nullish(),
  model: modelSchema,
  post_processor: processorSchema.nullish(),
  decoder: z.object({ type }).nullish(),
});

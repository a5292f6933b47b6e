import { messageOf } from "@mlan/core";
import { z } from "zod";
import { createWordSplitter, GPT2_RULE } from "./split-words.ts";
import { type Place, type Refuse, stepPattern, type StepPattern, stepType } from "./step.ts";

/** Splits text into words. Pairs are merged only inside a word. */
export interface PreTokenizer {
  split(text: string, place: Place): readonly string[];
  /** Whether pieces consist of the characters of {@link BYTE_CHARACTERS}. */
  readonly isByteLevel: boolean;
}

type Cut = (words: readonly string[], place: Place) => readonly string[];

/**
 * Creates the pre-tokenizer of a `tokenizer.json` from its steps. Throws the error of `refuse` for an unsupported step.
 */
export function createPreTokenizer(steps: readonly PreTokenizerStep[], refuse: Refuse): PreTokenizer {
  const early = steps.slice(0, -1).find(({ type }) => type === "ByteLevel");
  if (early) throw refuse("splits text again after converting it to bytes");
  const cuts = steps.map((step) => cutOf(step, refuse));
  return {
    split: (text, place) =>
      cuts.reduce<readonly string[]>((words, cut) => cut(words, place), text === "" ? [] : [text]),
    isByteLevel: steps.at(-1)?.type === "ByteLevel",
  };
}

function cutOf(step: PreTokenizerStep, refuse: Refuse): Cut {
  const { type, pattern, behavior, invert = false } = step;
  const byRule = (rule: string, keepsRest: boolean): Cut => {
    const split = splitter(rule, keepsRest, refuse);
    return (words) => words.flatMap(split);
  };
  if (type === "Metaspace") return metaspace(step, refuse);
  if (type === "ByteLevel") return byteLevel(step, refuse);
  if (type === "Digits") return byRule(step.individual_digits ? "\\p{N}" : "\\p{N}+", true);
  const rule = pattern?.Regex;
  if (type !== "Split" || rule === undefined) throw refuse(`splits text with ${type}`);
  if (behavior === "Isolated" && !invert) return byRule(rule, true);
  if (behavior === "Removed" && invert) return byRule(rule, false);
  throw refuse(`splits text with Split, behavior ${JSON.stringify(behavior)}, invert ${invert}`);
}

function splitter(pattern: string, keepsRest: boolean, refuse: Refuse): (text: string) => readonly string[] {
  try {
    return createWordSplitter([{ pattern, keepsRest }]);
  } catch (error) {
    throw refuse(messageOf(error));
  }
}

function byteLevel(
  { add_prefix_space: isSpaced = false, use_regex: isCut = true }: PreTokenizerStep,
  refuse: Refuse,
): Cut {
  const split = isCut ? splitter(GPT2_RULE.pattern, true, refuse) : undefined;
  return (words, { begins }) => {
    const spaced = isSpaced ? words.map((word, index) => spacedWord(word, begins || index > 0)) : words;
    return split ? spaced.flatMap(split) : spaced;
  };
}

function spacedWord(word: string, begins: boolean): string {
  return begins && !word.startsWith(" ") ? ` ${word}` : word;
}

function metaspace(step: PreTokenizerStep, refuse: Refuse): Cut {
  const { replacement = "", split = true, add_prefix_space: isSpaced = true } = step;
  const scheme = step.prepend_scheme ?? (isSpaced ? "always" : "never");
  if ([...replacement].length !== 1) throw refuse(`marks spaces with ${JSON.stringify(replacement.slice(0, 60))}`);
  const before = new RegExp(`(?=${replacement.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&")})`, "u");
  return (words, { begins, isFirst }) =>
    words.flatMap((word, index) => {
      const marked = word.replaceAll(" ", replacement);
      const isBegun = scheme === "always" ? begins || index > 0 : scheme === "first" && isFirst && index === 0;
      const whole = isBegun && !marked.startsWith(replacement) ? replacement + marked : marked;
      return split ? whole.split(before) : [whole];
    });
}

/** A step as written in the file. */
export interface PreTokenizerStep {
  readonly type: string;
  readonly pattern?: StepPattern | undefined;
  readonly behavior?: string | undefined;
  readonly invert?: boolean | undefined;
  readonly individual_digits?: boolean | undefined;
  readonly add_prefix_space?: boolean | undefined;
  readonly use_regex?: boolean | undefined;
  readonly replacement?: string | undefined;
  readonly prepend_scheme?: PrependScheme | undefined;
  readonly split?: boolean | undefined;
}

/** Which texts get a space in front: the first, all, or none. */
export type PrependScheme = "first" | "always" | "never";

const step = z.object({
  type: stepType,
  pattern: stepPattern.optional(),
  behavior: z.string().optional(),
  invert: z.boolean().optional(),
  individual_digits: z.boolean().optional(),
  add_prefix_space: z.boolean().optional(),
  use_regex: z.boolean().optional(),
  replacement: z.string().optional(),
  prepend_scheme: z.enum(["first", "always", "never"]).optional(),
  split: z.boolean().optional(),
});
export const preTokenizerSchema: z.ZodType<readonly PreTokenizerStep[]> = step
  .extend({ pretokenizers: z.array(step).optional() })
  .nullish()
  .transform((one) => (one?.type === "Sequence" ? (one.pretokenizers ?? []) : one ? [one] : []));

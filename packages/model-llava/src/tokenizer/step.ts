import { MlanError, pathOf } from "@mlan/core";
import { z } from "zod";

/** Makes the error of a `tokenizer.json` that says something which is not supported. */
export type Refuse = (found: string) => MlanError;

/** `found` continues the sentence "the tokenizer ...". */
export function refuser(file: URL): Refuse {
  return (found) =>
    new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(file)}: the tokenizer ${found}. Supported are BPE tokenizers as Llama 1 and 2 have them (spaces as ` +
        "U+2581) and byte-level ones, as GPT-2, Llama 3 and models with ChatML have them.",
    );
}

/** The name of a step, cut where a damaged file makes it endless. */
export const stepType: z.ZodType<string> = z
  .string()
  .default("unnamed")
  .transform((type) => type.slice(0, 60));

/** A pattern of text, as steps write it. */
export interface StepPattern {
  readonly String?: string | undefined;
  readonly Regex?: string | undefined;
}
export const stepPattern: z.ZodType<StepPattern> = z.object({
  String: z.string().optional(),
  Regex: z.string().optional(),
});

/** A text that a step writes; short, so that a damaged file does not make texts endless. */
export const stepText: z.ZodType<string> = z.string().max(64);

/** Throws `refuse` when several steps of "Replace" make text longer, which may double it each time. */
export function refuseGrowth(steps: readonly ReplaceStep[], refuse: Refuse): void {
  const growing = steps.filter(
    ({ type, pattern, content = "" }) => type === "Replace" && content.length > (pattern?.String ?? "").length,
  );
  if (growing.length > 1) throw refuse(`makes text longer by ${growing.length} steps of Replace`);
}

interface ReplaceStep {
  readonly type: string;
  readonly pattern?: StepPattern | undefined;
  readonly content?: string | undefined;
}

/** Where a piece of text stands. */
export interface Place {
  /** Whether text begins here, so that it gets what is put in front of text; false where it continues text. */
  readonly begins: boolean;
  /** Whether nothing stands before it, no token either. */
  readonly isFirst: boolean;
}

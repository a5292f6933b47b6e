import { MlanError, pathOf } from "@mlan/core";
import { z } from "zod";

/**
 * Creates the error for unsupported content of a `tokenizer.json`. `found` continues the sentence "the tokenizer ...".
 */
export type Refuse = (found: string) => MlanError;

export function refuser(file: URL): Refuse {
  return (found) =>
    new MlanError(
      "invalid-checkpoint",
      `model-llava: ${pathOf(file)}: the tokenizer ${found}. Only BPE tokenizers are supported: those like Llama 1 and 2 (spaces as ` +
        "U+2581) and byte-level ones like GPT-2, Llama 3 and models with ChatML.",
    );
}

/** Schema of a step's type. The type is shortened, because a damaged file may contain a very long one. */
export const stepType: z.ZodType<string> = z
  .string()
  .default("unnamed")
  .transform((type) => type.slice(0, 60));

export interface StepPattern {
  readonly String?: string | undefined;
  readonly Regex?: string | undefined;
}
export const stepPattern: z.ZodType<StepPattern> = z.object({
  String: z.string().optional(),
  Regex: z.string().optional(),
});

/** Schema of a string that a step inserts. The limit keeps a damaged file from producing endless text. */
export const stepText: z.ZodType<string> = z.string().max(64);

/** Throws the error of `refuse` if several "Replace" steps lengthen text, because each could double it. */
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

/** The position of a piece of text. */
export interface Place {
  /** Whether the piece begins a text and so gets the prefix; false if it continues a text. */
  readonly begins: boolean;
  /** Whether no text or token precedes the piece. */
  readonly isFirst: boolean;
}

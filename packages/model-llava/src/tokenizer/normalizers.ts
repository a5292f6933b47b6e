import { z } from "zod";
import { type Refuse, refuseGrowth, stepPattern, type StepPattern, stepText, stepType } from "./step.ts";

/** Changes text before it is split into words. `begins` is false for text that continues other text. */
export type Normalize = (text: string, begins: boolean) => string;

/**
 * Creates the normalizer of a `tokenizer.json` from its steps. Throws the error of `refuse` for an unsupported step.
 */
export function createNormalizer(steps: readonly NormalizerStep[], refuse: Refuse): Normalize {
  refuseGrowth(steps, refuse);
  const all = steps.map((step) => normalizerOf(step, refuse));
  return (text, begins) => all.reduce((changed, apply) => apply(changed, begins), text);
}

function normalizerOf({ type, prepend, pattern, content }: NormalizerStep, refuse: Refuse): Normalize {
  const form = FORMS.find((one) => one === type);
  if (form !== undefined) return (text) => text.normalize(form);
  if (type === "Prepend" && prepend !== undefined)
    return (text, begins) => (begins && text !== "" ? prepend + text : text);
  const from = pattern?.String;
  if (type === "Replace" && from && content !== undefined) return (text) => text.replaceAll(from, () => content);
  throw refuse(`normalizes text with ${type}`);
}

const FORMS = ["NFC", "NFD", "NFKC", "NFKD"] as const;

/** A step as written in the file. */
export interface NormalizerStep {
  readonly type: string;
  readonly prepend?: string | undefined;
  readonly pattern?: StepPattern | undefined;
  readonly content?: string | undefined;
}

const step = z.object({
  type: stepType,
  prepend: stepText.optional(),
  pattern: stepPattern.optional(),
  content: stepText.optional(),
});
export const normalizerSchema: z.ZodType<readonly NormalizerStep[]> = step
  .extend({ normalizers: z.array(step).optional() })
  .nullish()
  .transform((one) => (one?.type === "Sequence" ? (one.normalizers ?? []) : one ? [one] : []));

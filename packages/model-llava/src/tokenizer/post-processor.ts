import { z } from "zod";
import { type Refuse, stepType } from "./step.ts";

/** A token that is added before a text. */
export interface FrontToken {
  readonly content: string;
  readonly ids: readonly number[];
}

/**
 * Returns the token that a post-processor adds before a text. Tokens after the text are ignored, because templates end
 * their turns themselves. Throws the error of `refuse` for any other effect.
 */
export function frontToken(processors: readonly ProcessorStep[], refuse: Refuse): FrontToken | undefined {
  const templates = processors.filter(({ type }) => type !== "ByteLevel");
  const [template] = templates;
  if (template === undefined) return undefined;
  if (templates.length > 1 || template.type !== "TemplateProcessing")
    throw refuse(`adds tokens around text with ${templates.map(({ type }) => type).join(" and ")}`);
  const places = (template.single ?? []).map((place) => place.SpecialToken?.id);
  const text = places.indexOf(undefined);
  if (text < 0 || text !== places.lastIndexOf(undefined))
    throw refuse("adds tokens around text without a place for the text");
  if (text > 1) throw refuse("adds several tokens in front of text");
  const [content] = places;
  return content === undefined ? undefined : { content, ids: template.special_tokens?.[content]?.ids ?? [] };
}

/** A step as written in the file. */
interface ProcessorStep {
  readonly type: string;
  readonly single?: readonly { readonly SpecialToken?: { readonly id: string } | undefined }[] | undefined;
  readonly special_tokens?: Readonly<Record<string, { readonly ids: readonly number[] }>> | undefined;
}

const step = z.object({
  type: stepType,
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
/**
 * Schema of a post-processor. Outputs undefined if the file has none; then the tokenizer's class determines which token
 * is added before a text.
 */
export const postProcessorSchema: z.ZodType<readonly ProcessorStep[] | undefined> = step
  .extend({ processors: z.array(step).optional() })
  .nullish()
  .transform((one) => (one?.type === "Sequence" ? (one.processors ?? []) : one ? [one] : undefined));

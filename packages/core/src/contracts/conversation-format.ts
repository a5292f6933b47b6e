import { MlanError } from "../errors.ts";

/** How conversations become tokens and images become pixels; stored with every checkpoint. */
export interface ConversationFormat {
  /** The model's name for a conversation template, e.g. "plain" (alignment) or "v1" (tuning). */
  readonly template: string;
  /** `pad` makes images square with the mean colour; `square` leaves them to the centre crop. */
  readonly imageAspectRatio: "pad" | "square";
  /** Positions after which a conversation is truncated, image positions included. */
  readonly maximumLength: number;
}

/** A {@link ConversationFormat} as a recipe asks for it: without a template, the model's own applies. */
export interface RecipeFormat extends Omit<ConversationFormat, "template"> {
  /** Default: `ModelInspection.tuningTemplate`. */
  readonly template?: string;
}

/**
 * A recipe's format with its template: the model's own where the recipe names none. Throws `invalid-options` when neither
 * names one.
 */
export function formatFor(
  format: RecipeFormat,
  { name, tuningTemplate }: { readonly name: string; readonly tuningTemplate?: string | undefined },
): ConversationFormat {
  const template = format.template ?? tuningTemplate;
  if (template !== undefined) return { ...format, template };
  const message = `the recipe names no template, and ${name} does not say in which it is tuned; set format.template.`;
  throw new MlanError("invalid-options", message);
}

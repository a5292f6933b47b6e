import { MlanError } from "../errors.ts";

/** How conversations become tokens and images become pixels; stored with every checkpoint. */
export interface ConversationFormat {
  /** The model's name for a conversation template, e.g. "plain" (alignment) or "v1" (tuning). */
  readonly template: string;
  /** `pad` pads images to a square with the mean colour; `square` crops them at the centre. */
  readonly imageAspectRatio: "pad" | "square";
  /** Conversations are truncated to this many positions, including image positions. */
  readonly maximumLength: number;
}

/** A {@link ConversationFormat} as a recipe asks for it: without a template, the model's own applies. */
export interface RecipeFormat extends Omit<ConversationFormat, "template"> {
  /** Default: `ModelInspection.tuningTemplate`. */
  readonly template?: string;
}

/**
 * Completes a recipe's format with the model's template if the recipe names none. Throws `invalid-options` when the
 * model names none either.
 */
export function formatFor(
  format: RecipeFormat,
  { name, tuningTemplate }: { readonly name: string; readonly tuningTemplate?: string | undefined },
): ConversationFormat {
  const { template = tuningTemplate, imageAspectRatio, maximumLength } = format;
  if (template !== undefined) return { template, imageAspectRatio, maximumLength };
  const message = `neither the recipe nor the model ${name} names a conversation template; set format.template.`;
  throw new MlanError("invalid-options", message);
}

import { MlanError } from "../errors.ts";

/** How conversations become tokens and images become pixels; stored with every checkpoint. */
export interface ConversationFormat {
  /** Name of a conversation template that the model knows, e.g. "plain" (alignment) or "v1" (tuning). */
  readonly template: string;
  /** `pad` pads images to a square with the mean color; `square` crops them at the center. */
  readonly imageAspectRatio: "pad" | "square";
  /** Conversations are truncated to this many positions, including image positions. */
  readonly maximumLength: number;
}

/** A {@link ConversationFormat} whose template may be omitted. */
export interface RecipeFormat extends Omit<ConversationFormat, "template"> {
  /** Default: {@link ModelInspection.tuningTemplate}. */
  readonly template?: string;
}

/**
 * Completes a recipe's format. Without a template in the recipe, the model's tuning template applies. Throws
 * `invalid-options` when neither names a template.
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

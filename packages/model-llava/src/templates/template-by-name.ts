import { MlanError, type PromptFamily, shownValue } from "@mlan/core";
import { plain } from "./plain.ts";
import type { Template } from "./template.ts";

/** All templates of models of an architecture: its own, and that of alignment. */
export function templatesOf({ chatTemplate }: { readonly chatTemplate: Template }): readonly Template[] {
  return [chatTemplate, plain];
}

/** The one of a model's templates that a recipe or a checkpoint names. Throws an `invalid-options` error that lists them. */
export function templateByName(templates: readonly Template[], name: string): Template {
  const template = templates.find((one) => one.name === name);
  if (template !== undefined) return template;
  const known = templates.map((one) => one.name).join(", ");
  throw new MlanError("invalid-options", `model-llava: there is no template ${shownValue(name)}. Known are: ${known}.`);
}

/** How a model is asked whose format has that template: until it has seen conversations, as its backbone is. */
export function promptFamilyOf(template: string, untunedFamily: PromptFamily): PromptFamily {
  return template === plain.name ? untunedFamily : "tuned";
}

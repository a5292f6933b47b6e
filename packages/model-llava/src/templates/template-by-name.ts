import { MlanError, type PromptFamily, shownValue } from "@mlan/core";
import { plain } from "./plain.ts";
import type { Template } from "./template.ts";
import { v1 } from "./v1.ts";

const TEMPLATES: ReadonlyMap<string, Template> = new Map([v1, plain].map((template) => [template.name, template]));

/** Of all templates. */
export const TEMPLATE_NAMES: readonly string[] = [...TEMPLATES.keys()];

/** The template that a recipe or a checkpoint names. Throws an `invalid-options` error that lists the known ones. */
export function templateByName(name: string): Template {
  const template = TEMPLATES.get(name);
  if (template !== undefined) return template;
  throw new MlanError(
    "invalid-options",
    `model-llava: there is no template ${shownValue(name)}. Known are: ${TEMPLATE_NAMES.join(", ")}.`,
  );
}

/** How a model is asked whose format has that template: until it has seen conversations, as its backbone is. */
export function promptFamilyOf(template: string, untunedFamily: PromptFamily): PromptFamily {
  return template === plain.name ? untunedFamily : "tuned";
}

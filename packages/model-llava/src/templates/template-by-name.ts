import { chatWording, MlanError, shownValue, type Wording } from "@mlan/core";
import type { Architecture } from "../architectures/architecture.ts";
import { plain } from "./plain.ts";
import type { Template } from "./template.ts";
import { v1 } from "./v1.ts";

/** Returns all templates of an architecture: its chat template, further ones, and "plain". */
export function templatesOf({ chatTemplate, templates = [] }: ArchitectureTemplates): readonly Template[] {
  return [chatTemplate, ...templates, plain];
}

type ArchitectureTemplates = Pick<Architecture, "chatTemplate" | "templates">;

/**
 * Returns the template with the given name. Throws `invalid-options` for an unknown name, listing the known ones, and
 * `invalid-checkpoint` for a chat template that cannot be read.
 */
export function templateByName(templates: readonly Template[], name: string): Template {
  const template = templates.find((one) => one.name === name);
  if (template !== undefined) {
    // A chat template is parsed at first use; force that now, so that errors appear here.
    void template.answerEnd;
    return template;
  }
  const known = templates.map((one) => one.name).join(", ");
  throw new MlanError(
    "invalid-options",
    `model-llava: there is no template ${shownValue(name)}. Known templates: ${known}.`,
  );
}

/**
 * Returns the name of the template with which a recipe that names none trains a model opened with the template
 * `opened`: the architecture's chat template for "plain", which means that the model has not been trained on
 * conversations; otherwise `opened`.
 */
export function tuningTemplateOf(opened: string, { chatTemplate }: ArchitectureTemplates): string {
  return opened === plain.name ? chatTemplate.name : opened;
}

/**
 * Returns the wording in which benchmarks ask a model with the given template: `untunedWording` for "plain", otherwise
 * the template itself. The wording is named after the template, except that `v1`, the template of the paper's models,
 * is named "tuned".
 */
export function wordingOf(template: string, untunedWording: Wording): Wording {
  if (template === plain.name) return untunedWording;
  return chatWording(template === v1.name ? "tuned" : template);
}

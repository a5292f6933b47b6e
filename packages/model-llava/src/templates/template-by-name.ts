import { chatWording, MlanError, shownValue, type Wording } from "@mlan/core";
import type { Architecture } from "../architectures/architecture.ts";
import { plain } from "./plain.ts";
import type { Template } from "./template.ts";
import { v1 } from "./v1.ts";

export function templatesOf({ chatTemplate, templates = [] }: ArchitectureTemplates): readonly Template[] {
  return [chatTemplate, ...templates, plain];
}

type ArchitectureTemplates = Pick<Architecture, "chatTemplate" | "templates">;

/**
 * Returns the template with this name. Throws `invalid-options` for an unknown name, with the known names, and
 * `invalid-checkpoint` for a chat template that cannot be read.
 */
export function templateByName(templates: readonly Template[], name: string): Template {
  const template = templates.find((one) => one.name === name);
  if (template !== undefined) {
    // A chat template is parsed at first use. Parsing it now reports errors early.
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
 * Returns the default template for training a model that was opened with the template `opened`. If `opened` is "plain",
 * the model has not been tuned on conversations, and the default is the architecture's chat template. Otherwise, the
 * default is `opened`.
 */
export function tuningTemplateOf(opened: string, { chatTemplate }: ArchitectureTemplates): string {
  return opened === plain.name ? chatTemplate.name : opened;
}

/**
 * Returns the wording of benchmarks for a model with the given template: `untunedWording` for "plain", otherwise the
 * template itself. A wording has the name of its template; only that of `v1`, the template of the models in arXiv
 * 2411.10557, is called "tuned".
 */
export function wordingOf(template: string, untunedWording: Wording): Wording {
  if (template === plain.name) return untunedWording;
  return chatWording(template === v1.name ? "tuned" : template);
}

import { chatWording, MlanError, shownValue, type Wording } from "@mlan/core";
import type { Architecture } from "../architectures/architecture.ts";
import { plain } from "./plain.ts";
import type { Template } from "./template.ts";
import { v1 } from "./v1.ts";

/** All templates of models of an architecture: its own, further ones, and that of alignment. */
export function templatesOf({ chatTemplate, templates = [] }: ArchitectureTemplates): readonly Template[] {
  return [chatTemplate, ...templates, plain];
}

type ArchitectureTemplates = Pick<Architecture, "chatTemplate" | "templates">;

/**
 * The one of a model's templates that a recipe or a checkpoint names. Throws an `invalid-options` error that lists them, and
 * `invalid-checkpoint` for a chat template that cannot be read.
 */
export function templateByName(templates: readonly Template[], name: string): Template {
  const template = templates.find((one) => one.name === name);
  if (template !== undefined) {
    // A chat template is parsed when it is first used: let that be now.
    void template.answerEnd;
    return template;
  }
  const known = templates.map((one) => one.name).join(", ");
  throw new MlanError("invalid-options", `model-llava: there is no template ${shownValue(name)}. Known are: ${known}.`);
}

/**
 * The template of a recipe that names none, for a model opened with the template `opened`: that one, and its
 * architecture's as long as the model has seen no conversation.
 */
export function tuningTemplateOf(opened: string, { chatTemplate }: ArchitectureTemplates): string {
  return opened === plain.name ? chatTemplate.name : opened;
}

/**
 * How a model is asked whose format has that template: until it has seen conversations, as its backbone is; then in the
 * template. The paper's models, which are tuned in `v1`, are "tuned" to benchmarks, others have their template's name.
 */
export function wordingOf(template: string, untunedWording: Wording): Wording {
  if (template === plain.name) return untunedWording;
  return chatWording(template === v1.name ? "tuned" : template);
}

import { IMAGE_PLACEHOLDER, MlanError, type Prompt, type RawPrompt } from "@mlan/core";
import { encodeWithImage } from "./encode-with-image.ts";
import type { Template } from "./templates/template.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/** What a prompt belongs to. */
export interface PromptOwner {
  /** Names the request in errors. */
  readonly id: string;
  readonly images: readonly unknown[];
}

/**
 * A prompt as the text that the model continues. Images of a chat prompt without placeholders stand where the
 * template has them in training. Throws an `invalid-data` error that names the request when a prompt's
 * placeholders do not fit its images.
 */
export function renderPrompt(prompt: Prompt, template: Template, { id, images }: PromptOwner): RawPrompt {
  const written = prompt.kind === "chat" ? prompt.user + prompt.answerStart : prompt.text;
  const placeholders = images.length === 0 ? 0 : written.split(IMAGE_PLACEHOLDER).length - 1;
  const missing = images.length - placeholders;
  if (missing !== 0 && (prompt.kind === "raw" || placeholders > 0)) {
    const found = `${images.length} images, but ${placeholders} placeholders ${IMAGE_PLACEHOLDER}`;
    throw new MlanError("invalid-data", `model-llava: the prompt of ${JSON.stringify(id)} has ${found}.`);
  }
  if (prompt.kind === "raw") return prompt;
  return { kind: "raw", text: template.renderPrompt(prompt, missing), beginOfSequence: true };
}

/** Token ids of a rendered prompt; each image stands as IMAGE_TOKEN_INDEX. */
export function encodePrompt(
  { text, beginOfSequence }: RawPrompt,
  tokenizer: Tokenizer,
  { images }: PromptOwner,
): number[] {
  if (images.length === 0) return tokenizer.encode(text, { beginOfSequence });
  const ids = encodeWithImage(tokenizer, text);
  return beginOfSequence ? ids : ids.slice(1);
}

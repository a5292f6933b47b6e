import { counted, IMAGE_PLACEHOLDER, MlanError, type Prompt, type RawPrompt } from "@mlan/core";
import { encodeWithImage } from "./encode-with-image.ts";
import type { Template } from "./templates/template.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import { IMAGE_TOKEN_INDEX } from "./tokens.ts";

/** What a prompt belongs to. */
export interface PromptOwner {
  /** Names the request in errors. */
  readonly id: string;
  readonly images: readonly unknown[];
}

/**
 * A prompt as the text that the model continues. Images of a chat prompt without placeholders stand where the template
 * has them in training. Throws an `invalid-data` error that names the request when an image has no placeholder, or, in a
 * prompt of a harness, a placeholder has no image.
 */
export function renderPrompt(prompt: Prompt, template: Template, { id, images }: PromptOwner): RawPrompt {
  const written = prompt.kind === "chat" ? prompt.user + prompt.answerStart : prompt.text;
  const placeholders = images.length === 0 ? 0 : written.split(IMAGE_PLACEHOLDER).length - 1;
  const missing = images.length - placeholders;
  const asInTraining = prompt.kind === "chat" && placeholders === 0;
  const surplus = missing < 0 && prompt.kind === "raw" && prompt.harness !== undefined;
  if (surplus || (missing > 0 && !asInTraining)) {
    const found = `${counted(images.length, "image")}, but ${counted(placeholders, "placeholder")} ${IMAGE_PLACEHOLDER}`;
    throw new MlanError("invalid-data", `model-llava: the prompt of ${JSON.stringify(id)} has ${found}.`);
  }
  if (prompt.kind === "raw") return prompt;
  return { kind: "raw", text: template.renderPrompt(prompt, asInTraining ? missing : 0), beginOfSequence: true };
}

/** Token ids of a rendered prompt; each image stands as IMAGE_TOKEN_INDEX. */
export function encodePrompt(prompt: RawPrompt, tokenizer: Tokenizer, { images }: PromptOwner): number[] {
  const { text, beginOfSequence, harness } = prompt;
  // The language harness has the fast tokenizer.
  if (harness === "language") return tokenizer.encode(text, { beginOfSequence, legacy: true });
  const ids =
    harness === undefined
      ? encodeAsText(text, images.length, tokenizer)
      : images.length > 0
        ? encodeWithImage(tokenizer, text)
        : tokenizer.encode(text, { beginOfSequence: true });
  const wanted = beginOfSequence ? ids : ids.slice(1);
  // The vision harness takes a written <unk> for padding, which it masks.
  return harness === undefined ? wanted : wanted.filter((id) => id !== tokenizer.unknownId);
}

/** The begin-of-sequence token and the text, in which the first placeholders are images and nothing else is a token. */
function encodeAsText(text: string, images: number, tokenizer: Tokenizer): number[] {
  const pieces = text.split(IMAGE_PLACEHOLDER);
  const chunks = [...pieces.slice(0, images), pieces.slice(images).join(IMAGE_PLACEHOLDER)];
  const ids = chunks.map((chunk) => tokenizer.encodeParts([chunk]).flat());
  return [
    tokenizer.beginOfSequenceId,
    ...ids.flatMap((chunk, index) => (index > 0 ? [IMAGE_TOKEN_INDEX, ...chunk] : chunk)),
  ];
}

import { counted, IMAGE_PLACEHOLDER, MlanError, type Prompt, type RawPrompt } from "@mlan/core";
import { encodeWithImage } from "./encode-with-image.ts";
import { encodeSegments, given, placeholdersAsImages, type Segment } from "./templates/segments.ts";
import type { Template } from "./templates/template.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/** What a prompt belongs to. */
export interface PromptOwner {
  /** Names the request in errors. */
  readonly id: string;
  readonly images: readonly unknown[];
}

/** A prompt in the parts that the model continues. */
export interface WrittenPrompt {
  readonly segments: readonly Segment[];
  /** Of the template that wrote the segments, for errors. */
  readonly template: string;
  readonly beginOfSequence: boolean;
  /** The original code in whose way the texts are read, placeholders and special tokens in them included. */
  readonly harness?: RawPrompt["harness"];
}

/**
 * A prompt in the model's template. Images of a chat prompt without placeholders stand where the template has them in
 * training. Throws an `invalid-data` error that names the request when an image has no placeholder, or, in a prompt of a
 * harness, a placeholder has no image.
 */
export function writePrompt(prompt: Prompt, template: Template, { id, images }: PromptOwner): WrittenPrompt {
  const written = prompt.kind === "chat" ? [prompt.user, prompt.answerStart] : [prompt.text];
  const placeholders =
    images.length === 0 ? 0 : written.flatMap((text) => text.split(IMAGE_PLACEHOLDER).slice(1)).length;
  const missing = images.length - placeholders;
  const asInTraining = prompt.kind === "chat" && placeholders === 0;
  const surplus = missing < 0 && prompt.kind === "raw" && prompt.harness !== undefined;
  if (surplus || (missing > 0 && !asInTraining)) {
    const found = `${counted(images.length, "image")}, but ${counted(placeholders, "placeholder")} ${IMAGE_PLACEHOLDER}`;
    throw new MlanError("invalid-data", `model-llava: the prompt of ${JSON.stringify(id)} has ${found}.`);
  }
  const { name } = template;
  if (prompt.kind === "chat") {
    const segments = template.promptSegments(prompt, asInTraining ? missing : 0);
    const placed = asInTraining ? segments : placeholdersAsImages(segments, images.length);
    return { segments: placed, template: name, beginOfSequence: true };
  }
  const { text, beginOfSequence, harness } = prompt;
  if (harness) return { segments: [given(text)], template: name, beginOfSequence, harness };
  return { segments: placeholdersAsImages([given(text)], images.length), template: name, beginOfSequence };
}

/** The prompt with a text behind it, which is one text with the prompt's last. */
export function continued(prompt: WrittenPrompt, text: string): WrittenPrompt {
  const last = prompt.segments.at(-1);
  const segment = last && "text" in last ? { ...last, text } : given(text);
  return { ...prompt, segments: [...prompt.segments, segment] };
}

/** Token ids of a prompt; each image stands as IMAGE_TOKEN_INDEX. */
export function encodePrompt(prompt: WrittenPrompt, tokenizer: Tokenizer, { images }: PromptOwner): number[] {
  const { segments, template, beginOfSequence, harness } = prompt;
  if (!harness) return encodeSegments(segments, { tokenizer, template, beginOfSequence }).ids;
  const text = segments.map((segment) => ("text" in segment ? segment.text : "")).join("");
  // The language harness has the fast tokenizer.
  if (harness === "language") return tokenizer.encode(text, { beginOfSequence, fast: true });
  const ids =
    images.length > 0
      ? encodeWithImage(tokenizer, text, { beginOfSequence })
      : tokenizer.encode(text, { beginOfSequence });
  // The vision harness takes a written <unk> for padding, which it masks.
  return ids.filter((id) => id !== tokenizer.unknownId);
}

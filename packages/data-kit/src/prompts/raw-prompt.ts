import { IMAGE_PLACEHOLDER, imagesInFront, type RawPrompt } from "@mlan/core";

/** Text as the original language harness puts it, without the begin-of-sequence token. */
export function harnessPrompt(text: string): RawPrompt {
  return { kind: "raw", text, beginOfSequence: false, harness: "language" };
}

/**
 * Text as the original vision harness puts it. It names no image where the text already holds the placeholder, such as
 * in a question about HTML; else the placeholders come first.
 */
export function visionHarnessPrompt(text: string, images = 1): RawPrompt {
  const isNamed = text.includes(IMAGE_PLACEHOLDER);
  return {
    kind: "raw",
    text: isNamed ? text : imagesInFront(images) + text,
    beginOfSequence: true,
    harness: "vision",
  };
}

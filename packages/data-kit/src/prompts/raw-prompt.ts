import { IMAGE_PLACEHOLDER, type RawPrompt } from "@mlan/core";

/** Text that follows the begin-of-sequence token, as it is; see {@link RawPrompt}. */
export function rawPrompt(text: string): RawPrompt {
  return { kind: "raw", text, beginOfSequence: true };
}

/** Text as the original language harness puts it, without the begin-of-sequence token. */
export function harnessPrompt(text: string): RawPrompt {
  return { kind: "raw", text, beginOfSequence: false, harness: "language" };
}

/**
 * Text as the original vision harness puts it. It names no image where the text already holds the placeholder, such as
 * in a question about HTML; else the placeholders come first.
 */
export function visionHarnessPrompt(text: string, images = 1): RawPrompt {
  const named = images === 0 || text.includes(IMAGE_PLACEHOLDER);
  const placeholders = Array.from({ length: images }, () => IMAGE_PLACEHOLDER).join(" ");
  return {
    kind: "raw",
    text: named ? text : `${placeholders}\n${text}`,
    beginOfSequence: true,
    harness: "vision",
  };
}

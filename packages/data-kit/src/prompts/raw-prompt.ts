import { IMAGE_PLACEHOLDER, imagesInFront, type RawPrompt, V1_SYSTEM_PROMPT } from "@mlan/core";

/** Returns a prompt as in the original language harness: the text without a begin-of-sequence token. */
export function languageHarnessPrompt(text: string): RawPrompt {
  return { kind: "raw", text, beginOfSequence: false, harness: "language" };
}

/**
 * Returns a prompt as in the original vision harness: placeholders for the images, then the text. No placeholders are
 * added to a text that already contains `<image>`, such as a question about HTML.
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

/**
 * Returns a user turn in the template `v1`, as the original vision tasks write it. `answerStart` is the beginning of
 * the answer. Whitespace at the end of `user` is kept, and followed by the template's own space.
 */
export function v1Prompt(user: string, answerStart: string, images = 1): RawPrompt {
  return visionHarnessPrompt(`${V1_SYSTEM_PROMPT} USER: ${user} ASSISTANT: ${answerStart}`, images);
}

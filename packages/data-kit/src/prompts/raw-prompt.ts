import { IMAGE_PLACEHOLDER, imagesInFront, type RawPrompt, V1_SYSTEM_PROMPT } from "@mlan/core";

/** A prompt as in the original language harness: the text without the begin-of-sequence token. */
export function languageHarnessPrompt(text: string): RawPrompt {
  return { kind: "raw", text, beginOfSequence: false, harness: "language" };
}

/**
 * A prompt as in the original vision harness: placeholders of the images, then the text. A text that already contains the
 * placeholder, such as a question about HTML, gets no further ones.
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
 * A user turn in the template `v1`, as the original vision tasks write it; `answerStart` is the beginning of the
 * answer. Text at the end of `user`, such as a newline, comes before the template's own space.
 */
export function v1Prompt(user: string, answerStart: string, images = 1): RawPrompt {
  return visionHarnessPrompt(`${V1_SYSTEM_PROMPT} USER: ${user} ASSISTANT: ${answerStart}`, images);
}

import type { RawPrompt } from "@mlan/core";
import { rawPrompt } from "./raw-prompt.ts";

/**
 * A user turn in the template `v1` as the original vision tasks write it out, `answerStart` being the beginning of the
 * answer. Text that `user` ends in, such as a newline, stands before the template's own space.
 */
export function v1Prompt(user: string, answerStart: string): RawPrompt {
  return rawPrompt(v1Text(user, answerStart));
}

/** As {@link v1Prompt}, the image before the system prompt: where the original harness puts an image that no text names. */
export function v1PromptAfterImage(user: string, answerStart: string): RawPrompt {
  return rawPrompt(`<image>\n${v1Text(user, answerStart)}`);
}

function v1Text(user: string, answerStart: string): string {
  return `${SYSTEM} USER: ${user} ASSISTANT: ${answerStart}`;
}

const SYSTEM =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";

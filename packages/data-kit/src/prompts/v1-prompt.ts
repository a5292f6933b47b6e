import { type RawPrompt, V1_SYSTEM_PROMPT } from "@mlan/core";
import { visionHarnessPrompt } from "./raw-prompt.ts";

/**
 * A user turn in the template `v1` as the original vision tasks write it out, `answerStart` being the beginning of the
 * answer. Text that `user` ends in, such as a newline, stands before the template's own space.
 */
export function v1Prompt(user: string, answerStart: string, images = 1): RawPrompt {
  return visionHarnessPrompt(`${V1_SYSTEM_PROMPT} USER: ${user} ASSISTANT: ${answerStart}`, images);
}

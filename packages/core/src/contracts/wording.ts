import type { Prompt } from "./benchmark.ts";
import { IMAGE_PLACEHOLDER } from "./conversation.ts";

/** The text of a question. */
export interface AskedText {
  readonly user: string;
  /** The beginning of the answer, which the model continues, e.g. `The best answer is "`. */
  readonly answerStart: string;
  /** Number of images, 0 or more. */
  readonly images: number;
}

/** The prompt format that a model expects; each model defines its own. */
export interface Wording {
  /** The name recorded in results, e.g. "tuned", "vicuna-base". A protocol may have special prompts for it. */
  readonly name: string;
  /** Returns the prompt for a question's text. Pure. */
  ask(text: AskedText): Prompt;
}

/** Returns a wording that uses the model's conversation template, with the images before the user's text. */
export function chatWording(name: string): Wording {
  return {
    name,
    ask: ({ user, answerStart, images }) => ({ kind: "chat", user: imagesInFront(images) + user, answerStart }),
  };
}

/**
 * Returns a wording for a model that only continues text. The prompt is the begin-of-sequence token, `before`, the
 * images, the user's text, `between` and the start of the answer. E.g. `textWording("vicuna-base", "User: ", "
 * Assistant: ")`.
 */
export function textWording(name: string, before: string, between: string): Wording {
  return {
    name,
    ask: ({ user, answerStart, images }) => ({
      kind: "raw",
      text: `${before}${imagesInFront(images)}${user}${between}${answerStart}`,
      beginOfSequence: true,
    }),
  };
}

/** The system prompt of the template `v1`, used for tuning and in the prompts of the published vision tasks. */
export const V1_SYSTEM_PROMPT: string =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";

/**
 * Returns the placeholders to put before a text: one `<image>` per image, separated by spaces, and a newline; ""
 * without images.
 */
export function imagesInFront(images: number): string {
  return images === 0 ? "" : `${Array.from({ length: images }, () => IMAGE_PLACEHOLDER).join(" ")}\n`;
}

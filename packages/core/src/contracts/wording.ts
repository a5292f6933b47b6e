import type { Prompt } from "./benchmark.ts";
import { IMAGE_PLACEHOLDER } from "./conversation.ts";

/** A question to be asked in a model's wording. */
export interface AskedText {
  readonly user: string;
  /** The beginning of the answer, which the model continues, e.g. `The best answer is "`. */
  readonly answerStart: string;
  readonly images: number;
}

/** The prompt format that a model expects. Each model defines its own. */
export interface Wording {
  /** Recorded in results, e.g. "tuned" or "vicuna-base". A protocol may have special prompts for certain names. */
  readonly name: string;
  /** Returns the prompt for a question's text. Pure. */
  ask(text: AskedText): Prompt;
}

/** Creates a wording that uses the model's conversation template, with the images before the user's text. */
export function chatWording(name: string): Wording {
  return {
    name,
    ask: ({ user, answerStart, images }) => ({ kind: "chat", user: imagesInFront(images) + user, answerStart }),
  };
}

/**
 * Creates a wording for a model that only continues text. The prompt consists of the begin-of-sequence token, `before`,
 * the images, the user's text, `between` and the start of the answer. Example: `textWording("vicuna-base", "User: ", "
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

/** The system prompt of the template `v1`, which tuning and the prompts of the published vision tasks use. */
export const V1_SYSTEM_PROMPT: string =
  "A chat between a curious user and an artificial intelligence assistant. " +
  "The assistant gives helpful, detailed, and polite answers to the user's questions.";

/**
 * Returns the placeholders before a text: one `<image>` per image, separated by spaces, and a newline. Returns ""
 * without images.
 */
export function imagesInFront(images: number): string {
  return images === 0 ? "" : `${Array.from({ length: images }, () => IMAGE_PLACEHOLDER).join(" ")}\n`;
}

import type { Prompt } from "./benchmark.ts";
import { IMAGE_PLACEHOLDER } from "./conversation.ts";

/** A question in words. */
export interface AskedText {
  readonly user: string;
  /** Given text that the generated answer continues, e.g. `The best answer is "`. */
  readonly answerStart: string;
  /** Images that it shows, 0 or more. */
  readonly images: number;
}

/** The form in which a model expects to be asked: a value of the model's own. */
export interface Wording {
  /** Written into results. Protocols may have words of their own for it. E.g. "tuned", "vicuna-base". */
  readonly name: string;
  /** Pure. */
  ask(text: AskedText): Prompt;
}

/** Asks in the model's conversation template, the images before what the user says. */
export function chatWording(name: string): Wording {
  return {
    name,
    ask: ({ user, answerStart, images }) => ({ kind: "chat", user: imagesInFront(images) + user, answerStart }),
  };
}

/**
 * For a model that only continues text: `before`, the images and what the user says, `between`, and how the answer begins, after
 * the begin-of-sequence token. E.g. `textWording("vicuna-base", "User: ", "\nAssistant: ")`.
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

/** Placeholders as they stand before a text: `<image>` and a newline; nothing without images. */
export function imagesInFront(images: number): string {
  return images === 0 ? "" : `${Array.from({ length: images }, () => IMAGE_PLACEHOLDER).join(" ")}\n`;
}

import { IMAGE_PLACEHOLDER, type Prompt, type PromptFamily } from "@mlan/core";
import { rawPrompt } from "./raw-prompt.ts";

/** The form in which models of a family are asked. */
export function formOf(
  family: PromptFamily,
): (asked: { readonly user: string; readonly answerStart: string; readonly images: number }) => Prompt {
  return ({ user, answerStart, images }) => {
    const shown = images === 0 ? "" : `${Array.from({ length: images }, () => IMAGE_PLACEHOLDER).join(" ")}\n`;
    const asked = shown + user;
    if (family === "tuned") return { kind: "chat", user: asked, answerStart };
    if (family === "vicuna-base") return rawPrompt(`User: ${asked}\nAssistant: ${answerStart}`);
    return rawPrompt(`${asked}\nAnswer: ${answerStart}`);
  };
}

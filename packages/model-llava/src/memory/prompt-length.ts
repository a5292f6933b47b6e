import type { ModelMemory } from "@mlan/core";
import { patchesPerImage } from "../config/vision-config.ts";
import { encodePrompt, writePrompt } from "../encode-prompt.ts";
import type { NetworkSizes } from "../network/llava-network.ts";
import type { Template } from "../templates/template.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";

/** Returns a function that counts the positions of a prompt in a template, including image positions. */
export function promptLength(
  template: Template,
  { tokenizer, vision }: { readonly tokenizer: Tokenizer; readonly vision: NetworkSizes["vision"] },
): ModelMemory["promptLength"] {
  const perImage = vision ? patchesPerImage(vision.config) : 1;
  return (prompt, images) => {
    const owner = { id: "a question", images: Array.from({ length: images }) };
    const { length } = encodePrompt(writePrompt(prompt, template, owner), tokenizer, owner);
    return length + images * (perImage - 1);
  };
}

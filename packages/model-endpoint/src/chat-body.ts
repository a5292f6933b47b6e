import {
  type ChatPrompt,
  type GenerationRequest,
  IMAGE_PLACEHOLDER,
  type ImageReference,
  MlanError,
  type RawPrompt,
  shownValue,
} from "@mlan/core";
import type { ServerKind } from "./endpoint-options.ts";
import { imageUrl } from "./image-url.ts";
import type { Body } from "./server.ts";

type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } };

/** Whether a server can continue an answer that has already begun. */
export function continuesAnswers(server: ServerKind): boolean {
  return server === "vllm" || server === "llama.cpp";
}

/** Returns the fields of a chat: the messages, and the fields that make the server continue the start of the answer. */
export async function chatFields(
  prompt: ChatPrompt,
  images: readonly ImageReference[],
  server: ServerKind,
): Promise<Body> {
  const { history = [], user, answerStart } = prompt;
  const continued = answerStart !== "" && continuesAnswers(server);
  const asked = answerStart === "" || continued ? user : `${user}\nBegin your answer with: ${answerStart}`;
  const turns = [...history, { role: "user", text: asked } as const];
  const urls = await Promise.all(images.map(imageUrl));
  const places = turns.map(({ role, text }) => (role === "user" ? text.split(IMAGE_PLACEHOLDER).length - 1 : 0));
  // Without placeholders, images go before the first user turn.
  const front = places.some((count) => count > 0) ? [] : urls.splice(0);
  const messages = turns.map(({ role, text }) => {
    if (role !== "user") return { role, content: text };
    const before = front.splice(0).map(imagePart);
    const parts = [...before, ...partsOf(text, urls)];
    const [only] = parts;
    return { role, content: parts.length === 1 && only?.type === "text" ? only.text : parts };
  });
  if (!continued) return { messages };
  return {
    messages: [...messages, { role: "assistant", content: answerStart }],
    ...(server === "vllm" && { continue_final_message: true, add_generation_prompt: false }),
  };
}

/**
 * Splits a string at its placeholders, and takes their images from the front of `urls`. A placeholder without an image
 * is text.
 */
function partsOf(text: string, urls: string[]): readonly Part[] {
  const parts: Part[] = [];
  let rest = text;
  for (
    let place = rest.indexOf(IMAGE_PLACEHOLDER);
    place >= 0 && urls.length > 0;
    place = rest.indexOf(IMAGE_PLACEHOLDER)
  ) {
    const before = rest.slice(0, place);
    if (before.trim() !== "") parts.push({ type: "text", text: before });
    parts.push(...urls.splice(0, 1).map(imagePart));
    // Parts need no line break between them.
    rest = rest.slice(place + IMAGE_PLACEHOLDER.length).replace(/^\n/, "");
  }
  if (rest !== "" || parts.length === 0) parts.push({ type: "text", text: rest });
  return parts;
}

function imagePart(url: string): Part {
  return { type: "image_url", image_url: { url } };
}

/** Returns the fields for a text that the model continues. Throws `invalid-options` when there are images. */
export function textFields(prompt: RawPrompt, { id, images }: Pick<GenerationRequest, "id" | "images">): Body {
  if (images.length > 0) {
    const way = "evaluate with a protocol that uses chats, such as strict, and with a chat wording";
    const message = `model-endpoint: ${shownValue(id)} is a text to continue and has images, which servers accept only in chats; ${way}.`;
    throw new MlanError("invalid-options", message);
  }
  return { prompt: prompt.text, ...(!prompt.beginOfSequence && { add_special_tokens: false }) };
}

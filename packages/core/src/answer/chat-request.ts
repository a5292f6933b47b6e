import { IMAGE_PLACEHOLDER, type ImageReference, type Turn } from "../contracts/conversation.ts";
import type { GenerationRequest } from "../contracts/generation.ts";
import { imagesInFront } from "../contracts/wording.ts";
import { MlanError } from "../errors.ts";

/** A message of a conversation with a model. */
export interface ChatMessage {
  /** "system" only in the first message. */
  readonly role: Turn["role"];
  readonly text: string;
  /** Placed before the text, as in training. Only a user's message may have images. Default: none. */
  readonly images?: readonly ImageReference[];
}

/**
 * Returns the prompt and images of a request that answers the last message. Throws `invalid-data` when that message is
 * not the user's, and when a user's text contains {@link IMAGE_PLACEHOLDER} in a conversation with images, where it
 * would mark the place of an image.
 */
export function chatRequest(messages: readonly ChatMessage[]): Pick<GenerationRequest, "prompt" | "images"> {
  const images = messages.flatMap((message) => message.images ?? []);
  const last = messages.at(-1);
  if (last?.role !== "user")
    throw new MlanError("invalid-data", "the last message is not the user's. Add the user's next message.");
  if (images.length > 0 && messages.some(({ role, text }) => role === "user" && text.includes(IMAGE_PLACEHOLDER)))
    throw new MlanError(
      "invalid-data",
      `a text contains ${IMAGE_PLACEHOLDER}, which marks the place of an image. Write it differently, or leave out the images.`,
    );
  const turns = messages.map(({ role, text, images: shown = [] }) => ({
    role,
    text: imagesInFront(shown.length) + text,
  }));
  const history = turns.slice(0, -1);
  const user = turns.at(-1)?.text ?? "";
  return { prompt: { kind: "chat", ...(history.length > 0 && { history }), user, answerStart: "" }, images };
}

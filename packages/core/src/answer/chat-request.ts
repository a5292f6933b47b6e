import { IMAGE_PLACEHOLDER, type ImageReference, type Turn } from "../contracts/conversation.ts";
import type { GenerationRequest } from "../contracts/generation.ts";
import { imagesInFront } from "../contracts/wording.ts";
import { MlanError } from "../errors.ts";

/** A message of a conversation with a model. */
export interface ChatMessage {
  /** Only the first message may have the role "system". */
  readonly role: Turn["role"];
  readonly text: string;
  /** The images are placed before the text, as in training. Only a user message may have images. Default: none. */
  readonly images?: readonly ImageReference[];
}

/**
 * Returns the prompt and images for the next answer in a conversation. If the last message is the user's, the model
 * answers it; if it is the assistant's, the model continues it, and the generated text contains only the continuation.
 * Throws `invalid-data` when there is nothing to answer, and when the conversation has images and a user's text
 * contains {@link IMAGE_PLACEHOLDER}.
 */
export function chatRequest(messages: readonly ChatMessage[]): Pick<GenerationRequest, "prompt" | "images"> {
  const images = messages.flatMap((message) => message.images ?? []);
  const begun = messages.at(-1)?.role === "assistant" ? messages.at(-1) : undefined;
  const asked = begun ? messages.slice(0, -1) : messages;
  if (asked.at(-1)?.role !== "user")
    throw new MlanError("invalid-data", "there is no user message to answer. Add the user's next message.");
  if (images.length > 0 && messages.some(({ role, text }) => role === "user" && text.includes(IMAGE_PLACEHOLDER)))
    throw new MlanError(
      "invalid-data",
      `a text contains ${IMAGE_PLACEHOLDER}, which marks the place of an image. Write it differently, or leave out the images.`,
    );
  const turns = asked.map(({ role, text, images: shown = [] }) => ({
    role,
    text: imagesInFront(shown.length) + text,
  }));
  const history = turns.slice(0, -1);
  const user = turns.at(-1)?.text ?? "";
  return {
    prompt: { kind: "chat", ...(history.length > 0 && { history }), user, answerStart: begun?.text ?? "" },
    images,
  };
}

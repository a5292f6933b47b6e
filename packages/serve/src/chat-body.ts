import { type ChatMessage, chatRequest, type GenerationRequest, messageOf } from "@mlan/core";
import { z } from "zod";
import { ApiError } from "./api-error.ts";
import { imageOfDataUrl } from "./data-url.ts";
import { checkedBody, type SharedBody, sharedFields } from "./shared-fields.ts";

type ContentPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } };

/** The body of `POST /v1/chat/completions`. */
export interface ChatBody extends SharedBody {
  readonly messages: readonly {
    readonly role: "system" | "developer" | "user" | "assistant";
    readonly content: readonly ContentPart[];
  }[];
  readonly max_tokens?: number | null | undefined;
  readonly max_completion_tokens?: number | null | undefined;
  readonly logprobs?: boolean | null | undefined;
  readonly top_logprobs?: number | null | undefined;
  readonly continue_final_message?: boolean | null | undefined;
  readonly add_generation_prompt?: boolean | null | undefined;
}

const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });
const imagePart = z.strictObject({
  type: z.literal("image_url"),
  image_url: z.strictObject({ url: z.string(), detail: z.enum(["auto", "low", "high"]).optional() }),
});

/** Returns the schema of a message's content. A text is read as a list with one part. */
function contentOf<Part extends z.ZodType>(part: Part) {
  const list = z.array(part, { error: "expected text or a list of parts" });
  return z.preprocess((value) => (typeof value === "string" ? [{ type: "text", text: value }] : value), list);
}

const name = z.string().optional();
const message = z.discriminatedUnion("role", [
  z.strictObject({ role: z.enum(["system", "developer"]), content: contentOf(textPart), name }),
  z.strictObject({
    role: z.literal("user"),
    content: contentOf(z.discriminatedUnion("type", [textPart, imagePart])),
    name,
  }),
  z.strictObject({ role: z.literal("assistant"), content: contentOf(textPart), name }),
]);

const schema: z.ZodType<ChatBody> = z.strictObject({
  ...sharedFields,
  messages: z.array(message).min(1),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  response_format: z.strictObject({ type: z.literal("text") }).nullish(),
  modalities: z.tuple([z.literal("text")]).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  store: z.literal(false).nullish(),
  // Named as in vLLM.
  continue_final_message: z.boolean().nullish(),
  add_generation_prompt: z.boolean().nullish(),
});

/** Parses the body. Throws {@link ApiError} with the field's name. */
export function readChatBody(body: unknown): ChatBody {
  const read = checkedBody(body, schema);
  if (read.top_logprobs != null && read.logprobs !== true)
    throw new ApiError(400, 'top_logprobs needs "logprobs": true.', { param: "top_logprobs" });
  checkLastMessage(read);
  return read;
}

/**
 * Checks fields that request answering or continuing the last message. As in llama.cpp, the role of that message
 * decides which of the two is done. Throws {@link ApiError} for a contradiction.
 */
function checkLastMessage({
  messages,
  continue_final_message: continued,
  add_generation_prompt: added,
}: ChatBody): void {
  const isBegun = messages.at(-1)?.role === "assistant";
  const refuse = (param: keyof ChatBody, remedy: string): never => {
    throw new ApiError(400, `${param} does not fit the last message. ${remedy}`, { param });
  };
  if (continued === true && !isBegun) refuse("continue_final_message", "Add the assistant's message to be continued.");
  if (continued === false && isBegun) refuse("continue_final_message", LAST_IS_CONTINUED);
  if (added === true && isBegun) refuse("add_generation_prompt", LAST_IS_CONTINUED);
  if (added === false && !isBegun) refuse("add_generation_prompt", "The answer to a user's message begins a new turn.");
}

const LAST_IS_CONTINUED =
  "A last message of the assistant is continued. Leave out the field, or add the user's next message.";

/** Returns the prompt and images of a chat. Throws {@link ApiError} with the position of the message. */
export function promptOfChat(
  { messages }: ChatBody,
  maximumImages: number,
): Pick<GenerationRequest, "prompt" | "images"> {
  const chat = messages.map(chatMessage);
  checkRoles(chat);
  const images = chat.flatMap((one) => one.images ?? []);
  if (images.length > maximumImages)
    throw new ApiError(
      400,
      `messages have ${images.length} images; this server accepts at most ${maximumImages} per request.`,
      {
        param: "messages",
      },
    );
  try {
    return chatRequest(chat);
  } catch (error) {
    throw new ApiError(400, `messages: ${messageOf(error)}`, { param: "messages" });
  }
}

function chatMessage({ role, content }: ChatBody["messages"][number], index: number): ChatMessage {
  const texts = content.flatMap((part) => (part.type === "text" ? part.text : []));
  const images = content.flatMap((part, place) =>
    part.type === "image_url"
      ? imageOfDataUrl(part.image_url.url, `messages.${index}.content.${place}.image_url.url`)
      : [],
  );
  return {
    role: role === "developer" ? "system" : role,
    text: texts.join("\n"),
    ...(images.length > 0 && { images }),
  };
}

/**
 * Throws unless the roles are: at most one system message, then messages of user and assistant in alternation,
 * beginning with the user.
 */
function checkRoles(chat: readonly ChatMessage[]): void {
  const system = chat[0]?.role === "system" ? 1 : 0;
  const wrong = chat.findIndex(
    ({ role }, index) => index >= system && role !== ((index - system) % 2 === 0 ? "user" : "assistant"),
  );
  const param = `messages.${wrong < 0 ? chat.length - 1 : wrong}`;
  const rule = "A system message may come first, then the user and the assistant take turns; the user begins.";
  if (wrong >= 0 || chat.length === system)
    throw new ApiError(400, `${param} is by the ${chat[wrong]?.role ?? "system"}. ${rule}`, { param });
}

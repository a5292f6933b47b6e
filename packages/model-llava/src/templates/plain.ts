import { type Conversation, counted, IMAGE_PLACEHOLDER, MlanError, type Turn } from "@mlan/core";
import { fingerprintNow } from "../fingerprint.ts";
import { IGNORE_INDEX, IMAGE_TOKEN_INDEX } from "../tokens.ts";
import { given, IMAGE, placeholdersAsImages } from "./segments.ts";
import type { Template } from "./template.ts";

const END = "\n";

/**
 * The template of alignment and pretraining: `<image>{caption} `, or `{text} ` without an image. There are no roles.
 * The user's text is dropped if there is an image, and must be empty otherwise. Everything is supervised, including the
 * newline, except the first token (usually begin-of-sequence) and the image, as in `preprocess_plain` of LLaVA.
 */
export const plain: Template = {
  name: "plain",
  // The number must change with the rules for supervision.
  fingerprint: fingerprintNow(["plain", 3, END]),
  segments: (conversation) => [
    ...conversation.images.map(() => IMAGE),
    { text: answerOf(conversation) + END, supervised: conversation.turns[1]?.supervised ?? true },
  ],
  // Training has no questions. A prompt has its question on a separate line between image and answer.
  promptSegments: ({ id, turns, answerStart }) => {
    const [user, ...more] = turns;
    if (user === undefined || user.role !== "user" || more.length > 0)
      throw new MlanError("invalid-data", `model-llava: the prompt of ${JSON.stringify(id)} has ${foundTurns(turns)}`);
    const { images, text, placeholders = 0 } = user;
    const question = placeholdersAsImages([given(text === "" ? "" : text + END)], placeholders);
    return [...Array.from({ length: images }, () => IMAGE), ...question, given(answerStart)];
  },
  original: {
    render: (conversation) => (conversation.images.length > 0 ? IMAGE_PLACEHOLDER : "") + answerOf(conversation) + END,
    borders: [],
    tokens: [],
    label: ({ ids }) => {
      const labels = ids.map((id) => (id === IMAGE_TOKEN_INDEX ? IGNORE_INDEX : id));
      return { labels: labels.fill(IGNORE_INDEX, 0, 1) };
    },
  },
};

function answerOf({ id, turns, images }: Conversation): string {
  const [user, assistant, ...more] = turns;
  if (user?.role !== "user" || assistant === undefined || more.length > 0)
    throw new MlanError("invalid-data", `model-llava: conversation ${id} has ${foundTurns(turns)}`);
  if (images.length > 0 || user.text === "") return assistant.text;
  const message = `model-llava: conversation ${id} has no image but a user's text, which the template "plain" would drop. Leave it empty or use "v1".`;
  throw new MlanError("invalid-data", message);
}

/** Names the turns that the template cannot write, and the remedy; part of a message. */
function foundTurns(turns: readonly Turn[]): string {
  const [first] = turns;
  const found =
    first?.role === "system"
      ? `a system prompt, and the template "plain" has no place for one. Leave it out`
      : `${counted(turns.length, "turn")}, and the template "plain" has no roles: it takes one user turn and its answer. Split it`;
  return `${found}, or use a template of conversations, such as "v1".`;
}

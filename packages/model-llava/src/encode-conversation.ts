import { type Conversation, type Encoded, IMAGE_PLACEHOLDER, MlanError } from "@mlan/core";
import { encodeWithImage } from "./encode-with-image.ts";
import { moveImageToFront } from "./templates/images-in-front.ts";
import type { Template } from "./templates/template.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import { IGNORE_INDEX, IMAGE_TOKEN_INDEX } from "./tokens.ts";

export interface EncodeConversationOptions {
  readonly tokenizer: Tokenizer;
  readonly template: Template;
  /** Positions after which the conversation is cut, image positions included. */
  readonly maximumLength: number;
  /** Positions that one image takes, e.g. 576. */
  readonly positionsPerImage: number;
}

/**
 * Tokens and label mask of a conversation, as the original code of arXiv 2411.10557 makes them. What lies
 * behind `maximumLength` is left out; an image may reach beyond it. Throws an `invalid-data` error that names
 * the conversation when its turns do not alternate or its placeholders do not fit its images.
 */
export function encodeConversation(conversation: Conversation, options: EncodeConversationOptions): Encoded {
  const { tokenizer, template, maximumLength } = options;
  checkTurns(conversation);
  const hasImages = conversation.images.length > 0;
  const text = template.render(hasImages ? withImagesInFront(conversation) : conversation);
  const encode = (part: string): number[] =>
    hasImages ? encodeWithImage(tokenizer, part) : tokenizer.encode(part, { beginOfSequence: true });
  // The original cuts text before it finds the answers, but conversations with images after it.
  const whole = encode(text);
  const ids = hasImages ? whole : whole.slice(0, maximumLength);
  const { labels, problem } = template.label({ text, ids, encode, tokenizer, maximumLength });
  return cut({ conversation, ids, labels, problem }, options);
}

interface Labelled {
  readonly conversation: Conversation;
  readonly ids: readonly number[];
  readonly labels: readonly number[];
  readonly problem: string | undefined;
}

function cut({ conversation, ids, labels, problem }: Labelled, options: EncodeConversationOptions): Encoded {
  const { maximumLength, positionsPerImage } = options;
  let length = 0;
  let kept = 0;
  let images = 0;
  let supervised = 0;
  for (; kept < ids.length && length < maximumLength; kept++) {
    const isImage = ids[kept] === IMAGE_TOKEN_INDEX;
    length += isImage ? positionsPerImage : 1;
    if (isImage) images++;
    if (labels[kept] !== IGNORE_INDEX) supervised++;
  }
  const tooLong = `the first answer begins after position ${maximumLength}, where conversations are cut`;
  return {
    id: conversation.id,
    inputIds: Int32Array.from(ids.slice(0, kept)),
    labels: Int32Array.from(labels.slice(0, kept)),
    images: conversation.images.slice(0, images),
    length: Math.min(length, maximumLength),
    supervised,
    ...(supervised === 0 && { problem: problem ?? tooLong }),
  };
}

function checkTurns({ id, turns }: Conversation): void {
  const odd = turns.findIndex(({ role }, index) => role !== (index % 2 === 0 ? "user" : "assistant"));
  if (odd >= 0) throw invalid(id, `turn ${odd + 1} is by the ${turns[odd]?.role}; turns alternate, the user begins`);
  if (turns.length === 0) throw invalid(id, "it has no turns");
  if (turns.length % 2 !== 0) throw invalid(id, "its last turn is the user's; an answer must follow");
}

function withImagesInFront(conversation: Conversation): Conversation {
  const { id, images } = conversation;
  const turns = conversation.turns.map(moveImageToFront);
  const answer = turns.findIndex(({ role, text }) => role === "assistant" && text.includes(IMAGE_PLACEHOLDER));
  if (answer >= 0) throw invalid(id, `turn ${answer + 1}, an answer, contains ${IMAGE_PLACEHOLDER}`);
  const placeholders = turns.filter(({ text }) => text.includes(IMAGE_PLACEHOLDER)).length;
  if (placeholders === images.length) return { ...conversation, turns };
  const found = `${images.length} images, but ${placeholders} turns with ${IMAGE_PLACEHOLDER}`;
  throw invalid(id, `it has ${found}; each image needs a turn of its own`);
}

function invalid(id: string, problem: string): MlanError {
  return new MlanError("invalid-data", `model-llava: conversation ${JSON.stringify(id)}: ${problem}.`);
}

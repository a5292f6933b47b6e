import { type Conversation, counted, type Encoded, type EncodeOptions, IMAGE_PLACEHOLDER, MlanError } from "@mlan/core";
import { encodeWithImage } from "./encode-with-image.ts";
import { oddTurn } from "./templates/odd-turn.ts";
import { imagesToFront, placeImages } from "./templates/place-images.ts";
import { encodeSegments } from "./templates/segments.ts";
import type { OriginalRules, Template } from "./templates/template.ts";
import { turnProblem } from "./templates/turn-problem.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";
import { IGNORE_INDEX, IMAGE_TOKEN_INDEX } from "./tokens.ts";

export interface EncodeConversationOptions extends EncodeOptions {
  readonly tokenizer: Tokenizer;
  readonly template: Template;
  /** Number of positions, including those of images, to which the conversation is truncated. */
  readonly maximumLength: number;
  /** Number of positions per image, e.g. 576. */
  readonly positionsPerImage: number;
}

/**
 * Encodes a conversation as tokens and labels, either like the original code of arXiv 2411.10557 or, with `answerSpans:
 * "turns"`, so that exactly the answers are supervised and no text is mistaken for a separator, a token or an image. On
 * ordinary text, both give the same result; if they supervise different tokens, the `problem` of the encoded
 * conversation names the turn that causes it. "turns" is always used for a conversation with an answer that is not to
 * be supervised, when the template has no original rules, and when the tokenizer lacks a token that these rules need.
 * Positions after `maximumLength` are removed; an image may extend beyond it. Throws an `invalid-data` error that names
 * the conversation when its turns do not alternate or its placeholders do not fit its images, and `invalid-checkpoint`
 * when the tokenizer lacks a token of the template.
 */
export function encodeConversation(conversation: Conversation, options: EncodeConversationOptions): Encoded {
  const problem = turnProblem(conversation.turns);
  if (problem !== undefined) throw invalid(conversation.id, problem);
  const strictly = options.answerSpans === "turns" || conversation.turns.some(({ supervised = true }) => !supervised);
  const rules = strictly ? undefined : originalRules(options);
  if (!rules) return cut(encodeStrictly(conversation, options), options);
  const encoded = cut(encodeAsOriginal(conversation, rules, options), options);
  return withReason(encoded, conversation, rules, options);
}

/** Returns the template's original rules; undefined when it has none, or the tokenizer lacks one of their tokens. */
function originalRules({ template: { original }, tokenizer }: EncodeConversationOptions): OriginalRules | undefined {
  return original?.tokens.every((token) => tokenizer.idOf(token) !== undefined) ? original : undefined;
}

/**
 * Adds as `problem` the turn that the original code misreads, if that makes it supervise anything other than the
 * answers.
 */
function withReason(
  encoded: Encoded,
  conversation: Conversation,
  { borders }: OriginalRules,
  options: EncodeConversationOptions,
): Encoded {
  const odd = oddTurn(conversation.turns, borders, options.tokenizer);
  if (odd === undefined) return encoded;
  const exact = cut(encodeStrictly(conversation, options), options);
  if (isEqual(supervisedIds(encoded), supervisedIds(exact))) {
    const { problem } = exact;
    return problem === undefined ? encoded : { ...encoded, problem };
  }
  const spans = encoded.supervised === 0 ? "nothing of the conversation" : "something other than its answers";
  const remedy = `change the turn, remove the conversation, or train with answerSpans "turns"`;
  return { ...encoded, problem: `${odd}, so ${spans} is supervised; ${remedy}` };
}

function supervisedIds({ inputIds, labels }: Encoded): Int32Array {
  return inputIds.filter((_, place) => labels[place] !== IGNORE_INDEX);
}

function isEqual(one: Int32Array, other: Int32Array): boolean {
  return one.length === other.length && one.every((id, place) => id === other[place]);
}

function encodeStrictly(conversation: Conversation, { tokenizer, template }: EncodeConversationOptions): Labelled {
  const segments = template.segments({ ...conversation, turns: placeImages(conversation) });
  const unsupervised = conversation.turns.some(
    ({ text, role, supervised = true }) => role === "assistant" && text && !supervised,
  );
  const nothing = unsupervised ? "its answers are empty or marked as not supervised" : "its answers are empty";
  const problem = segments.some(({ supervised }) => supervised) ? undefined : nothing;
  const { name, beginOfSequence = true } = template;
  return { conversation, ...encodeSegments(segments, { tokenizer, template: name, beginOfSequence }), problem };
}

function encodeAsOriginal(
  conversation: Conversation,
  rules: OriginalRules,
  { tokenizer, maximumLength }: EncodeConversationOptions,
): Labelled {
  const hasImages = conversation.images.length > 0;
  const text = rules.render(hasImages ? withImagesInFront(conversation) : conversation);
  const encode = (part: string): number[] =>
    hasImages ? encodeWithImage(tokenizer, part) : tokenizer.encode(part, { beginOfSequence: true });
  // The original code cuts conversations without images before it locates the answers, and those with images after it.
  const whole = encode(text);
  const ids = hasImages ? whole : whole.slice(0, maximumLength);
  const { labels, problem } = rules.label({ text, ids, encode, tokenizer, maximumLength });
  // The original code pads with <unk> and drops padding, including any <unk> in the text.
  const kept = ids.flatMap((id, place) => (place < maximumLength && id !== tokenizer.unknownId ? place : []));
  const only = (values: readonly number[]): number[] => kept.map((place) => values[place] ?? IGNORE_INDEX);
  return { conversation, ids: only(ids), labels: only(labels), problem };
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
    ...(supervised === 0 && { problem: problem ?? (ids.length > 1 ? tooLong : "nothing precedes its only token") }),
  };
}

function withImagesInFront(conversation: Conversation): Conversation {
  const { id, images } = conversation;
  const counts = conversation.turns.map(({ text }) => text.split(IMAGE_PLACEHOLDER).length - 1);
  const wrong = conversation.turns.findIndex(({ role }, turn) => role !== "user" && counts[turn] !== 0);
  const role = conversation.turns[wrong]?.role;
  if (role)
    throw invalid(
      id,
      `turn ${wrong + 1}, by the ${role}, contains ${IMAGE_PLACEHOLDER}; only the user's turns may contain images`,
    );
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === images.length) {
    return { ...conversation, turns: conversation.turns.map((turn, index) => imagesToFront(turn, counts[index] ?? 0)) };
  }
  // The original code treats several placeholders in a turn as one.
  const turns = counts.filter((count) => count > 0).length;
  if (turns === images.length)
    return { ...conversation, turns: conversation.turns.map((turn) => imagesToFront(turn, 1)) };
  const found = `${counted(images.length, "image")}, but ${total} ${IMAGE_PLACEHOLDER} in ${counted(turns, "turn")}`;
  throw invalid(id, `it has ${found}; each image needs a placeholder`);
}

function invalid(id: string, problem: string): MlanError {
  return new MlanError("invalid-data", `model-llava: conversation ${JSON.stringify(id)}: ${problem}.`);
}

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
  /** Number of positions, including image positions, to which the conversation is truncated. */
  readonly maximumLength: number;
  /** Number of positions per image, e.g. 576. */
  readonly positionsPerImage: number;
}

/**
 * Encodes a conversation as tokens and labels.
 *
 * With `answerSpans: "turns"`, exactly the answers are supervised, and no text is read as a separator, a token or an
 * image. Otherwise the rules are those of the original code of arXiv 2411.10557. On ordinary text both give the same
 * result; if they do not, the field `problem` of the result names the turn that causes the difference. "turns" is also
 * used if an answer is not supervised, if the template has no original rules, and if the tokenizer lacks a token that
 * the rules need.
 *
 * Positions after `maximumLength` are removed; an image may extend beyond it. Throws `invalid-data` with the name of
 * the conversation if its turns do not alternate or its placeholders do not match its images, and `invalid-checkpoint`
 * if the tokenizer lacks a token of the template.
 */
export function encodeConversation(conversation: Conversation, options: EncodeConversationOptions): Encoded {
  const problem = turnProblem(conversation.turns);
  if (problem !== undefined) throw invalid(conversation.id, problem);
  const strictly = options.answerSpans === "turns" || conversation.turns.some(({ supervised = true }) => !supervised);
  const rules = strictly ? undefined : originalRules(options);
  if (!rules) return truncate(encodeStrictly(conversation, options), options);
  const encoded = truncate(encodeAsOriginal(conversation, rules, options), options);
  return withReason(encoded, conversation, rules, options);
}

/**
 * Returns the template's original rules; undefined without such rules, or if the tokenizer lacks one of their tokens.
 */
function originalRules({ template: { original }, tokenizer }: EncodeConversationOptions): OriginalRules | undefined {
  return original?.tokens.every((token) => tokenizer.idOf(token) !== undefined) ? original : undefined;
}

/** Adds a `problem` if the original rules supervise tokens other than the answers' tokens. */
function withReason(
  encoded: Encoded,
  conversation: Conversation,
  { borders }: OriginalRules,
  options: EncodeConversationOptions,
): Encoded {
  const odd = oddTurn(conversation.turns, borders, options.tokenizer);
  if (odd === undefined) return encoded;
  const exact = truncate(encodeStrictly(conversation, options), options);
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

function encodeStrictly(conversation: Conversation, { tokenizer, template }: EncodeConversationOptions): Labeled {
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
): Labeled {
  const hasImages = conversation.images.length > 0;
  const text = rules.render(hasImages ? withImagesInFront(conversation) : conversation);
  const encode = (part: string): number[] =>
    hasImages ? encodeWithImage(tokenizer, part) : tokenizer.encode(part, { beginOfSequence: true });
  // The original code truncates a conversation without images before it locates the answers, and one with images after.
  const whole = encode(text);
  const ids = hasImages ? whole : whole.slice(0, maximumLength);
  const { labels, problem } = rules.label({ text, ids, encode, tokenizer, maximumLength });
  // The original code pads with <unk> and drops padding, so it also drops <unk> in the text.
  const kept = ids.flatMap((id, place) => (place < maximumLength && id !== tokenizer.unknownId ? place : []));
  const only = (values: readonly number[]): number[] => kept.map((place) => values[place] ?? IGNORE_INDEX);
  return { conversation, ids: only(ids), labels: only(labels), problem };
}

interface Labeled {
  readonly conversation: Conversation;
  readonly ids: readonly number[];
  readonly labels: readonly number[];
  readonly problem: string | undefined;
}

function truncate({ conversation, ids, labels, problem }: Labeled, options: EncodeConversationOptions): Encoded {
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
  const tooLong = `the first answer begins after position ${maximumLength}, where conversations are truncated`;
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
  // The original code counts several placeholders in a turn as one.
  const turns = counts.filter((count) => count > 0).length;
  if (turns === images.length)
    return { ...conversation, turns: conversation.turns.map((turn) => imagesToFront(turn, 1)) };
  const found = `${counted(images.length, "image")}, but ${total} ${IMAGE_PLACEHOLDER} in ${counted(turns, "turn")}`;
  throw invalid(id, `it has ${found}; each image needs a placeholder`);
}

function invalid(id: string, problem: string): MlanError {
  return new MlanError("invalid-data", `model-llava: conversation ${JSON.stringify(id)}: ${problem}.`);
}

import { MlanError, type Turn } from "@mlan/core";
import { fingerprintNow } from "../fingerprint.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { placeImages, placePromptImages } from "./place-images.ts";
import { plain } from "./plain.ts";
import { joined, type Segment } from "./segments.ts";
import type { PlacedConversation, PlacedPrompt, Template } from "./template.ts";

/** Number of hexadecimal digits of a fingerprint. */
const LENGTH = 16;

/**
 * Returns a short hash of a template's output with a tokenizer. It covers the segments of fixed conversations (a system
 * prompt, two rounds and an image) and the ids of their special tokens. Templates with equal fingerprints write
 * conversations identically. Returns undefined for "plain", which writes no conversations.
 */
export function templateFingerprint(template: Template, tokenizer: Tokenizer): string | undefined {
  if (template.name === plain.name) return undefined;
  const { beginOfSequence = true, answerEnd } = template;
  const written = [ROUNDS, ROUNDS.slice(1)].flatMap((turns) => [
    attempt(() => template.segments(conversationOf(turns)), tokenizer),
    attempt(() => template.promptSegments(promptOf(turns.slice(0, -1))), tokenizer),
  ]);
  const begin = beginOfSequence ? tokenizer.beginOfSequenceId : undefined;
  const end = answerEnd === undefined ? tokenizer.endOfSequenceId : tokenizer.idOf(answerEnd);
  return fingerprintNow([begin ?? null, end ?? null, written]).slice(0, LENGTH);
}

/** This image is never decoded. */
const IMAGE = { name: "fingerprint.png", read: async () => new Uint8Array() };

const ROUNDS: readonly Turn[] = [
  { role: "system", text: "Be brief." },
  { role: "user", text: "<image>\nWhat is it?" },
  { role: "assistant", text: "A red cat." },
  { role: "user", text: "Is it asleep?" },
  { role: "assistant", text: "Yes." },
];

function conversationOf(turns: readonly Turn[]): PlacedConversation {
  const conversation = { id: "fingerprint", turns, images: [IMAGE] };
  return { ...conversation, turns: placeImages(conversation) };
}

function promptOf(turns: readonly Turn[]): PlacedPrompt {
  return { id: "fingerprint", turns: placePromptImages(turns, 1) ?? [], answerStart: "" };
}

/** Returns the segments as JSON values, or "refused" if the template cannot write the turns. */
function attempt(write: () => readonly Segment[], tokenizer: Tokenizer): unknown {
  try {
    return joined(write()).map((segment) => [contentOf(segment, tokenizer), segment.supervised]);
  } catch (error) {
    if (MlanError.is(error, "invalid-data")) return "refused";
    throw error;
  }
}

function contentOf(segment: Segment, { endOfSequenceId, idOf }: Tokenizer): unknown {
  if ("text" in segment) return [segment.text, segment.continues ?? false];
  if ("addedToken" in segment) return [segment.addedToken, idOf(segment.addedToken) ?? null];
  return segment.token === "image" ? "image" : ["end-of-sequence", endOfSequenceId];
}

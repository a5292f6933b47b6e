import { type Conversation, IMAGE_PLACEHOLDER, type ImageReference, type Turn } from "@mlan/core";
import { z } from "zod";
import { strip } from "../answers/python-text.ts";
import { imageColumn } from "../images/image-reference.ts";

/** A row of LLaVA's conversation format: `from` is "human" or "gpt", and only `image` makes it multimodal. */
export interface LlavaRecord {
  readonly id?: string | number;
  readonly image?: ImageReference;
  readonly conversations: readonly LlavaTurn[];
}

export interface LlavaTurn {
  readonly from: string;
  readonly value: string;
}

/** The columns of a {@link LlavaRecord}; turns must alternate and end with an answer. */
export const llavaRecord: z.ZodObject<{
  id: z.ZodExactOptional<z.ZodUnion<readonly [z.ZodString, z.ZodNumber]>>;
  image: z.ZodExactOptional<z.ZodType<ImageReference>>;
  conversations: z.ZodType<readonly LlavaTurn[]>;
}> = z.object({
  id: z.union([z.string(), z.number()]).exactOptional(),
  image: imageColumn.exactOptional(),
  conversations: z.array(z.object({ from: z.string(), value: z.string() })).superRefine(checkTurns),
});

/**
 * The record as a conversation: a first turn that is not the human's is dropped, and in a record with an image the
 * placeholder moves to the front of its turn (`preprocess_multimodal` of the original code).
 */
export function conversationOf({ conversations, image }: LlavaRecord, id: string): Conversation {
  const turns = withoutPreamble(conversations).map(({ from, value }): Turn => ({
    role: from === "human" ? "user" : "assistant",
    text: image ? placeholderFirst(value) : value,
  }));
  return { id, turns, images: image ? [image] : [] };
}

/** How many turns name the image; each needs an image of its own, and a record has one. */
export function imageTurns({ conversations }: LlavaRecord): number {
  return withoutPreamble(conversations).filter(({ value }) => value.includes(IMAGE_PLACEHOLDER)).length;
}

function withoutPreamble(turns: readonly LlavaTurn[]): readonly LlavaTurn[] {
  return turns[0]?.from === "human" ? turns : turns.slice(1);
}

function placeholderFirst(text: string): string {
  if (!text.includes(IMAGE_PLACEHOLDER)) return text;
  return strip(`${IMAGE_PLACEHOLDER}\n${strip(text.replaceAll(IMAGE_PLACEHOLDER, ""))}`);
}

function checkTurns(all: readonly LlavaTurn[], context: z.RefinementCtx): void {
  const turns = withoutPreamble(all);
  const dropped = all.length - turns.length;
  const wrong = turns.findIndex(({ from }, index) => from !== (index % 2 === 0 ? "human" : "gpt"));
  if (wrong >= 0) {
    const expected = wrong % 2 === 0 ? "human" : "gpt";
    const message = `turns must alternate: expected "${expected}", found "${turns[wrong]?.from}"`;
    context.addIssue({ code: "custom", path: [wrong + dropped, "from"], message });
  } else if (turns.length === 0 || turns.length % 2 === 1) {
    context.addIssue({
      code: "custom",
      message: `the last turn must be an answer by "gpt"; found ${turns.length} turns`,
    });
  }
}

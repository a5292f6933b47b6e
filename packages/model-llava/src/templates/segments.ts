import { IMAGE_PLACEHOLDER, MlanError, shownValue } from "@mlan/core";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { IGNORE_INDEX, IMAGE_TOKEN_INDEX } from "../tokens.ts";
import { supervisedTokens } from "./supervised-tokens.ts";
import type { PlacedTurn } from "./place-images.ts";

/**
 * A part of a conversation: text, which is never read as tokens; an image; the end of sequence; or an added token of
 * the tokenizer.
 */
export type Segment = (
  | {
      readonly text: string;
      /**
       * Whether the text is encoded together with the preceding text even if only one of them is supervised. Default
       * false: no token spans the border.
       */
      readonly continues?: boolean;
    }
  | {
      readonly token: "image" | "end-of-sequence";
      /**
       * The added token that represents an image in the text. Text after the image then continues the text before it.
       * Default: text after the image is encoded separately.
       */
      readonly written?: string;
    }
  | { readonly addedToken: string }
) & {
  readonly supervised: boolean;
};

/** Returns text without supervision. */
export function given(text: string): Segment {
  return { text, supervised: false };
}

/** Returns an added token, e.g. `<|im_start|>`. It is supervised if `supervised` is true. */
export function addedToken(content: string, supervised = false): Segment {
  return { addedToken: content, supervised };
}

export const IMAGE: Segment = { token: "image", supervised: false };

/** Returns the segments of a user's turn: images first, separated by spaces, then the text on a new line. */
export function imagesAndText(turn: Pick<PlacedTurn, "images" | "text" | "placeholders">): readonly Segment[] {
  const { images, text, placeholders = 0 } = turn;
  if (images === 0) return placeholdersAsImages([given(text)], placeholders);
  const placed = Array.from({ length: images }, (_, index) => (index > 0 ? [given(" "), IMAGE] : [IMAGE]));
  return [...placed.flat(), ...placeholdersAsImages([given(text === "" ? "" : `\n${text}`)], placeholders)];
}

/** In text segments, replaces the first placeholders by image segments, at most `images` of them. */
export function placeholdersAsImages(segments: readonly Segment[], images: number): readonly Segment[] {
  let left = images;
  return joined(segments).flatMap((segment): readonly Segment[] => {
    if (left === 0 || !("text" in segment)) return [segment];
    const [before = "", ...behind] = segment.text.split(IMAGE_PLACEHOLDER);
    const placed = behind.slice(0, left);
    const rest = behind.slice(placed.length);
    left -= placed.length;
    const texts = [before, ...placed];
    const last = [texts.pop() ?? "", ...rest].join(IMAGE_PLACEHOLDER);
    return [...texts.flatMap((text) => [{ ...segment, text }, IMAGE]), { ...segment, text: last }];
  });
}

export interface EncodeSegmentsOptions {
  readonly tokenizer: Tokenizer;
  /** Name of the template that wrote the segments, for errors. */
  readonly template: string;
  /** Whether a begin-of-sequence token comes first, if the tokenizer has one. Default true. */
  readonly beginOfSequence?: boolean;
}

/**
 * Encodes segments as token ids and labels. A label is the id at a supervised position and IGNORE_INDEX elsewhere. The
 * first position is never supervised. Throws `invalid-checkpoint` if the tokenizer lacks an added token.
 */
export function encodeSegments(
  segments: readonly Segment[],
  { tokenizer, template, beginOfSequence = true }: EncodeSegmentsOptions,
): { readonly ids: number[]; readonly labels: number[] } {
  const begin = tokenizer.beginOfSequenceId;
  const ids = beginOfSequence && begin !== undefined ? [begin] : [];
  const labels = ids.map(() => IGNORE_INDEX);
  const add = (id: number, supervised: boolean): void => {
    ids.push(id);
    labels.push(supervised ? id : IGNORE_INDEX);
  };
  for (const [index, run] of betweenImages(joined(segments), tokenizer).entries()) {
    if (index > 0) add(IMAGE_TOKEN_INDEX, false);
    const groups = continuingTexts(run);
    const parts = groups.map((group) => partOf(group, tokenizer, template));
    for (const [place, encoded] of tokenizer.encodeParts(parts).entries()) {
      const group = groups[place] ?? [];
      const [first] = group;
      const isImage = first && "token" in first && first.token === "image";
      const supervised = supervisedTokens(group, encoded, { tokenizer, before: parts[place - 1] });
      for (const [token, id] of encoded.entries()) add(isImage ? IMAGE_TOKEN_INDEX : id, supervised[token] ?? false);
    }
  }
  return { ids, labels: labels.fill(IGNORE_INDEX, 0, 1) };
}

/** Returns the text or the token id of a group. */
function partOf(group: readonly Segment[], tokenizer: Tokenizer, template: string): string | number {
  const [first] = group;
  if (!first || "text" in first) return group.map((segment) => ("text" in segment ? segment.text : "")).join("");
  if ("addedToken" in first) return addedTokenId(first.addedToken, tokenizer, template);
  return first.written === undefined ? tokenizer.endOfSequenceId : addedTokenId(first.written, tokenizer, template);
}

/** Returns the id of a token that a template needs. Throws `invalid-checkpoint` if the tokenizer lacks it. */
export function addedTokenId(content: string, tokenizer: Tokenizer, template: string): number {
  const id = tokenizer.idOf(content);
  if (id !== undefined) return id;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: the template ${shownValue(template)} needs the token ${shownValue(content)}, which the tokenizer in ` +
      `${tokenizer.folder} does not have. Take the template of that model, or a tokenizer with the token.`,
  );
}

/** Joins adjacent texts with equal supervision, so that no word is split. */
export function joined(segments: readonly Segment[]): readonly Segment[] {
  const result: Segment[] = [];
  for (const segment of segments) {
    const last = result.at(-1);
    if (last && "text" in last && "text" in segment && last.supervised === segment.supervised)
      result[result.length - 1] = { ...last, text: last.text + segment.text };
    else result.push(segment);
  }
  return result;
}

/** Groups texts that continue each other. Every other segment is a separate group. */
function continuingTexts(run: readonly Segment[]): readonly (readonly Segment[])[] {
  const groups: Segment[][] = [];
  for (const segment of run) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (last && "text" in last && "text" in segment && segment.continues) group?.push(segment);
    else groups.push([segment]);
  }
  return groups;
}

/** Splits segments at images, except at images for which the tokenizer has a token. */
function betweenImages(segments: readonly Segment[], tokenizer: Tokenizer): readonly (readonly Segment[])[] {
  let run: Segment[] = [];
  const runs = [run];
  for (const segment of segments) {
    const isImage = "token" in segment && segment.token === "image";
    const isWritten = isImage && segment.written !== undefined && tokenizer.idOf(segment.written) !== undefined;
    if (isImage && !isWritten) runs.push((run = []));
    else run.push(segment);
  }
  return runs;
}

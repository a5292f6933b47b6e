import { IMAGE_PLACEHOLDER, MlanError, shownValue } from "@mlan/core";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { IGNORE_INDEX, IMAGE_TOKEN_INDEX } from "../tokens.ts";
import type { PlacedTurn } from "./place-images.ts";

/**
 * A part of a conversation as a template writes it: text, which stays text whatever it holds; an image or the tokenizer's
 * end of sequence; or an added token of the tokenizer, by its content.
 */
export type Segment = (
  | { readonly text: string }
  | { readonly token: "image" | "end-of-sequence" }
  | { readonly addedToken: string }
) & {
  readonly learned: boolean;
};

/** Text of which nothing is learned. */
export function given(text: string): Segment {
  return { text, learned: false };
}

/** An added token, e.g. `<|im_start|>`, which is not learned unless `learned` is true. */
export function addedToken(content: string, learned = false): Segment {
  return { addedToken: content, learned };
}

/** The place of an image. */
export const IMAGE: Segment = { token: "image", learned: false };

/** A user's turn, its images in front with spaces between them, its text on a new line. */
export function imagesAndText(turn: Pick<PlacedTurn, "images" | "text" | "placeholders">): readonly Segment[] {
  const { images, text, placeholders = 0 } = turn;
  if (images === 0) return placeholdersAsImages([given(text)], placeholders);
  const placed = Array.from({ length: images }, (_, index) => (index > 0 ? [given(" "), IMAGE] : [IMAGE]));
  return [...placed.flat(), ...placeholdersAsImages([given(text === "" ? "" : `\n${text}`)], placeholders)];
}

/** The first `images` placeholders that are written in texts, as images. */
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
  /** Of the template that wrote the segments, for errors. */
  readonly template: string;
  /** Puts the begin-of-sequence token first, where the tokenizer has one. Default: true. */
  readonly beginOfSequence?: boolean;
}

/**
 * Token ids and the same as labels, IGNORE_INDEX where nothing is learned: at the first position too, which nothing
 * predicts. Behind an image a text begins anew. Throws `invalid-checkpoint` when the tokenizer lacks an added token.
 */
export function encodeSegments(
  segments: readonly Segment[],
  { tokenizer, template, beginOfSequence = true }: EncodeSegmentsOptions,
): { readonly ids: number[]; readonly labels: number[] } {
  const begin = tokenizer.beginOfSequenceId;
  const ids = beginOfSequence && begin !== undefined ? [begin] : [];
  const labels = ids.map(() => IGNORE_INDEX);
  for (const [index, run] of betweenImages(joined(segments)).entries()) {
    if (index > 0) {
      ids.push(IMAGE_TOKEN_INDEX);
      labels.push(IGNORE_INDEX);
    }
    const parts = run.map((segment) => {
      if ("text" in segment) return segment.text;
      if ("token" in segment) return tokenizer.endOfSequenceId;
      return addedTokenId(segment.addedToken, tokenizer, template);
    });
    for (const [place, encoded] of tokenizer.encodeParts(parts).entries()) {
      for (const id of encoded) {
        ids.push(id);
        labels.push(run[place]?.learned ? id : IGNORE_INDEX);
      }
    }
  }
  return { ids, labels: labels.fill(IGNORE_INDEX, 0, 1) };
}

/** The id of a token that a template needs. Throws `invalid-checkpoint` when the tokenizer lacks it. */
export function addedTokenId(content: string, tokenizer: Tokenizer, template: string): number {
  const id = tokenizer.idOf(content);
  if (id !== undefined) return id;
  throw new MlanError(
    "invalid-checkpoint",
    `model-llava: the template ${shownValue(template)} needs the token ${shownValue(content)}, which the tokenizer in ` +
      `${tokenizer.folder} does not have. Take the template of that model, or a tokenizer with the token.`,
  );
}

/** Neighbouring texts of one kind as one text: a word must not be cut. */
function joined(segments: readonly Segment[]): readonly Segment[] {
  const result: Segment[] = [];
  for (const segment of segments) {
    const last = result.at(-1);
    if (last && "text" in last && "text" in segment && last.learned === segment.learned)
      result[result.length - 1] = { ...last, text: last.text + segment.text };
    else result.push(segment);
  }
  return result;
}

function betweenImages(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  let run: Segment[] = [];
  const runs = [run];
  for (const segment of segments) {
    if ("token" in segment && segment.token === "image") runs.push((run = []));
    else run.push(segment);
  }
  return runs;
}

import { IGNORE_INDEX, IMAGE_TOKEN_INDEX } from "../tokens.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import type { PlacedTurn } from "./place-images.ts";

/** A part of a conversation as a template writes it: text, which stays text whatever it holds, or a token. */
export type Segment =
  | { readonly text: string; readonly learned: boolean }
  | { readonly token: "image" | "end-of-sequence"; readonly learned: boolean };

/** Text of which nothing is learned. */
export function given(text: string): Segment {
  return { text, learned: false };
}

/** A user's turn, its images first, as {@link imagesInFront} writes them. */
export function imagesAndText({ images, text }: PlacedTurn): readonly Segment[] {
  if (images === 0) return [given(text)];
  const placed = Array.from({ length: images }, (_, index): readonly Segment[] => [
    ...(index > 0 ? [given(" ")] : []),
    { token: "image", learned: false },
  ]);
  return [...placed.flat(), given(text === "" ? "" : `\n${text}`)];
}

/** Token ids behind the begin-of-sequence token, and the same as labels. Behind an image a text begins anew. */
export function encodeSegments(
  segments: readonly Segment[],
  tokenizer: Tokenizer,
): { readonly ids: number[]; readonly labels: number[] } {
  const ids = [tokenizer.beginOfSequenceId];
  const labels = [IGNORE_INDEX];
  for (const [index, run] of betweenImages(joined(segments)).entries()) {
    if (index > 0) {
      ids.push(IMAGE_TOKEN_INDEX);
      labels.push(IGNORE_INDEX);
    }
    const parts = run.map((segment) => ("text" in segment ? segment.text : tokenizer.endOfSequenceId));
    for (const [place, encoded] of tokenizer.encodeParts(parts).entries()) {
      for (const id of encoded) {
        ids.push(id);
        labels.push(run[place]?.learned ? id : IGNORE_INDEX);
      }
    }
  }
  return { ids, labels };
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

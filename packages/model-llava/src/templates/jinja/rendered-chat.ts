import type { Mark, Marks } from "./marks.ts";

/** A rendered text with marks. All positions are indices in this text. */
export interface RenderedChat {
  readonly text: string;
  /** The parts between the marks, in order. */
  readonly pieces: readonly RenderedPiece[];
  readonly marks: readonly (Mark & { readonly start: number; readonly end: number })[];
}

export interface RenderedPiece {
  readonly start: number;
  readonly text: string;
  /** Whether the text comes from a turn rather than from the template. */
  readonly said: boolean;
}

/** Splits a rendered text into text of the template and texts of turns. */
export function renderedChat(text: string, { read, write }: Marks): RenderedChat {
  let place = 0;
  const found = read(text).map((part) => {
    const start = place;
    place += typeof part === "string" ? part.length : write(part.kind, part.turn).length;
    return { part, start, end: place };
  });
  const marks = found.flatMap(({ part, start, end }) => (typeof part === "string" ? [] : [{ ...part, start, end }]));
  const borders = marks.filter(({ kind }) => kind === "text-start" || kind === "text-end");
  const pieces = found.flatMap(({ part, start }): readonly RenderedPiece[] => {
    if (typeof part !== "string") return [];
    const behind = borders.findIndex((mark) => mark.start > start);
    const [before, next] = [borders[behind - 1], borders[behind]];
    // A template that splits a text, e.g. at </think>, may have dropped one of the marks.
    const said = before?.kind === "text-start" && next?.kind === "text-end" && before.turn === next.turn;
    return [{ start, text: part, said }];
  });
  return { text, pieces, marks };
}

/** Removes all marks except those of images. */
export function withoutMarks(text: string, { read, write }: Marks): string {
  return read(text)
    .map((part) => (typeof part === "string" ? part : part.kind === "image" ? write("image") : ""))
    .join("");
}

/** Indices from `start` (inclusive) to `end` (exclusive). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Returns the spans between `{% generation %}` tags, except in turns that are not supervised. */
export function markedSpans({ marks }: RenderedChat, isSupervised: (turn: number) => boolean): readonly Span[] {
  return marks.flatMap((mark, index): readonly Span[] => {
    if (mark.kind !== "supervised-start") return [];
    const length = marks.slice(index).findIndex(({ kind }) => kind === "supervised-end");
    const inside = marks.slice(index + 1, index + Math.max(1, length));
    const end = marks[index + length];
    // A span outside any turn is text of the template around an answer that the template has split.
    const unsupervised = inside.some(({ kind, turn }) => kind.startsWith("text") && !isSupervised(turn));
    return end && length > 0 && !unsupervised ? [{ start: mark.end, end: end.start }] : [];
  });
}

/**
 * Returns the span of an answer in a template without `{% generation %}` tags; undefined if the answer is missing.
 * `asked` is a rendering of the preceding turns and the start of an answer; the span begins at the end of `asked` or at
 * the first difference from it. The span ends after the token that ends answers, or else at the end of the answer's
 * text.
 */
export function answerSpan(
  { text, marks, pieces }: RenderedChat,
  turn: number,
  { asked, answerEnd }: { readonly asked: string; readonly answerEnd: string | undefined },
): Span | undefined {
  const own = marks.filter((mark) => mark.turn === turn && mark.kind.startsWith("text"));
  const first = own[0];
  const last = own.at(-1);
  if (!first || !last) return undefined;
  const start = Math.min(commonLength(text, asked), first.start);
  const behind = pieces.find((piece) => piece.start >= last.end);
  const next = marks.find((mark) => mark.start >= last.end);
  const isNext = behind && !behind.said && behind.start < (next?.start ?? Infinity);
  const ending = answerEnd !== undefined && isNext ? behind.text.indexOf(answerEnd) : -1;
  if (!behind || ending < 0 || answerEnd === undefined) return { start, end: last.start };
  return { start, end: behind.start + ending + answerEnd.length };
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

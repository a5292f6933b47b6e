import type { Segment } from "../segments.ts";
import type { RenderedChat, RenderedPiece, Span } from "./rendered-chat.ts";

export interface ChatSegmentOptions {
  /** The added tokens of the tokenizer, which the template may write. */
  readonly tokens: readonly string[];
  /** The text that the template writes for an image. */
  readonly imageToken: string;
  /** End index of the segments in the text. Default: the end of the text. */
  readonly end?: number;
}

/**
 * Converts a rendered chat to segments. Only text of the template itself can become tokens and images; the text of a
 * turn stays text.
 */
export function chatSegments(
  { pieces, marks, text }: RenderedChat,
  supervised: readonly Span[],
  { tokens, imageToken, end = text.length }: ChatSegmentOptions,
): readonly Segment[] {
  const images = marks.filter(({ kind }) => kind === "image");
  const written: readonly (Placed & { readonly token?: string })[] = [
    ...images.map(({ start }) => ({ start, text: "", token: imageToken })),
    ...pieces.flatMap((piece) => (piece.said ? [piece] : atoms(piece, [...tokens, imageToken]))),
  ];
  const isSupervised = (place: number): boolean => supervised.some((span) => span.start <= place && place < span.end);
  return written
    .toSorted((one, other) => one.start - other.start)
    .filter(({ start }) => start < end)
    .flatMap((atom): readonly Segment[] => {
      if (atom.token === imageToken)
        return [{ token: "image", supervised: false, ...(atom.text && { written: imageToken }) }];
      if (atom.token !== undefined) return [{ addedToken: atom.token, supervised: isSupervised(atom.start) }];
      return split(atom, supervised).map((part) => ({
        text: part.text,
        supervised: isSupervised(part.start),
        continues: true,
      }));
    });
}

interface Placed {
  readonly start: number;
  readonly text: string;
}

/** Finds tokens in a text. At each place, the longest token wins. */
export function tokensIn(
  text: string,
  tokens: readonly string[],
): readonly { readonly content: string; readonly start: number }[] {
  // Only tokens that occur, because JavaScript engines refuse patterns with too many alternatives.
  const there = tokens.filter((token) => token !== "" && text.includes(token)).toSorted((a, b) => b.length - a.length);
  if (there.length === 0) return [];
  const pattern = new RegExp(
    there.map((token) => token.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)).join("|"),
    "g",
  );
  return [...text.matchAll(pattern)].map(({ 0: content, index }) => ({ content, start: index }));
}

/** Splits text of the template at its tokens. */
function atoms(
  { start, text }: RenderedPiece,
  tokens: readonly string[],
): readonly (Placed & { readonly token?: string })[] {
  const found = tokensIn(text, tokens);
  return [...found, undefined].flatMap((token, index) => {
    const before = found[index - 1];
    const from = before ? before.start + before.content.length : 0;
    const between = { start: start + from, text: text.slice(from, token?.start) };
    return token ? [between, { start: start + token.start, text: token.content, token: token.content }] : [between];
  });
}

/** Splits a text at the start and end of each span. */
function split({ start, text }: Placed, spans: readonly Span[]): readonly Placed[] {
  const inside = spans
    .flatMap((span) => [span.start - start, span.end - start])
    .filter((place) => place > 0 && place < text.length);
  const places = [0, ...new Set(inside)].toSorted((a, b) => a - b);
  return places
    .map((place, index) => ({ start: start + place, text: text.slice(place, places[index + 1]) }))
    .filter((part) => part.text !== "");
}

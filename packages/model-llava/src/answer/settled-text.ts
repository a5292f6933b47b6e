import { beforeStop } from "@mlan/core";

/** Splits the growing text of an answer into pieces that later tokens cannot change. */
export interface TextPieces {
  /**
   * Returns the text that became final since the previous call. `text` is the answer so far. Later tokens may only
   * append to it or replace U+FFFD at its end.
   */
  more(text: string): string;
  /** Returns the remaining text of the finished answer `text`. */
  rest(text: string): string;
}

/**
 * Splits one answer into pieces whose concatenation is the text before the first of the `stop` strings. A piece never
 * ends inside a character (U+FFFD until all its bytes are known) or inside a possible stop string.
 */
export function textPieces(stop: readonly string[]): TextPieces {
  let given = "";
  const piece = (text: string): string => {
    // Decoding may still change the end of a text, but a returned piece is final.
    if (!text.startsWith(given)) return "";
    const more = text.slice(given.length);
    given = text;
    return more;
  };
  return {
    more(text) {
      const before = beforeStop(text, stop);
      return piece(before.length < text.length ? before : settled(text, stop));
    },
    rest: (text) => piece(beforeStop(text, stop)),
  };
}

function settled(text: string, stop: readonly string[]): string {
  const whole = text.replace(/\ufffd+$/, "");
  const held = Math.max(0, ...stop.map((end) => overlap(whole, end)));
  return whole.slice(0, whole.length - held);
}

/** Returns the length of the longest suffix of `text` that is a prefix of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}

import { beforeStop } from "@mlan/core";

/** Splits the growing text of an answer into pieces that later tokens cannot change. */
export interface TextPieces {
  /**
   * Returns the text that has become final since the previous call. Later tokens must not change `text`, except U+FFFD
   * at its end.
   */
  more(text: string): string;
  /** Returns the rest of the finished answer, whose whole text is `text`. */
  rest(text: string): string;
}

/**
 * Splits one answer into pieces that add up to the text before the first of the `stop` strings. No piece ends inside a
 * character, which is U+FFFD until all its bytes are known, or inside a possible stop string.
 */
export function textPieces(stop: readonly string[]): TextPieces {
  let given = "";
  const piece = (text: string): string => {
    // Decoding may still change the end of a text, but a piece that was returned cannot be taken back.
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

/** Returns the number of characters at the end of `text` that are the beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}

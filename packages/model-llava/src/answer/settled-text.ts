import { beforeStop } from "@mlan/core";

/** Splits the growing text of an answer into pieces that no later token can change. */
export interface TextPieces {
  /** What has become certain, by the text so far that no later token changes but for U+FFFD at its end. */
  more(text: string): string;
  /** The rest, by the whole text of the finished answer. */
  rest(text: string): string;
}

/**
 * Pieces that add up to the text before the first of the `stop` strings. They end neither within a character, whose
 * bytes are U+FFFD until it is complete, nor within what may become a stop string.
 */
export function textPieces(stop: readonly string[]): TextPieces {
  let given = "";
  const piece = (text: string): string => {
    // Decoding may still change the end of a text; what is given cannot be taken back.
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

/** How many characters at the end of `text` are the beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}

import { SPACE } from "./vocabulary.ts";

/**
 * The text of vocabulary pieces: marks of spaces become spaces, the one that the first begins with is left out, byte pieces
 * such as `<0x0A>` are read as UTF-8. A byte that belongs to no character becomes one U+FFFD, as in SentencePiece.
 */
export function decodePieces(pieces: readonly string[]): string {
  let text = "";
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) text += decodeBytes(Uint8Array.from(bytes));
    bytes = [];
  };
  const [first = "", ...rest] = pieces.filter((piece) => piece !== "");
  for (const piece of [first.startsWith(SPACE) ? first.slice(1) : first, ...rest]) {
    const byte = BYTE.exec(piece)?.[1];
    if (byte !== undefined) {
      bytes.push(Number.parseInt(byte, 16));
      continue;
    }
    flush();
    text += piece.replaceAll(SPACE, " ");
  }
  flush();
  return text;
}

function decodeBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = lengthOfCharacter(bytes[at] ?? 0);
    const character = characterOf(bytes.subarray(at, at + length));
    text += character ?? "\ufffd";
    at += character === undefined ? 1 : length;
  }
  return text;
}

/** Bytes of the UTF-8 sequence that begins with this one. */
function lengthOfCharacter(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}

function characterOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const BYTE = /^<0x([0-9A-F]{2})>$/;
/** U+FEFF at the beginning is a character as any other. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

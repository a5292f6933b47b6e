import { SPACE } from "./vocabulary.ts";

interface DecodeOptions {
  readonly legacy: boolean;
  readonly addPrefixSpace: boolean;
  readonly cleansUp: boolean;
  /** Pieces that SentencePiece decodes to nothing. */
  readonly controls: ReadonlySet<string>;
  /** The prefix that SentencePiece adds to a text. */
  readonly prefix: string;
}

/**
 * Decodes pieces like the slow LlamaTokenizer. Space marks become spaces, except for a mark at the beginning, which is
 * dropped. Byte pieces such as `<0x0A>` are decoded as UTF-8. Added tokens are surrounded by spaces.
 */
export function decodeSentencePiece(
  pieces: readonly string[],
  isAdded: ReadonlySet<string>,
  options: DecodeOptions,
): string {
  const text = decodePieces(pieces, isAdded, options);
  return options.cleansUp ? cleanedUp(text) : text;
}

/**
 * Decodes like {@link decodeSentencePiece}, up to the point where later pieces can change the text. A U+FFFD at the end
 * may still change.
 */
export function decodeSettledSentencePiece(
  pieces: readonly string[],
  isAdded: ReadonlySet<string>,
  options: DecodeOptions,
): string {
  const text = decodePieces(pieces, isAdded, options);
  return options.cleansUp ? cleanedUp(text.replace(CLEANABLE_END, "")) : text;
}

function decodePieces(pieces: readonly string[], isAdded: ReadonlySet<string>, options: DecodeOptions): string {
  const texts: string[] = [];
  let run: string[] = [];
  const flush = (): void => {
    const text = decodeRun(run, options);
    if (text !== "") texts.push(text);
    run = [];
  };
  for (const piece of pieces) {
    if (isAdded.has(piece)) {
      flush();
      texts.push(piece);
    } else run.push(piece);
  }
  // The last run is preceded by a space even if it decodes to nothing.
  if (run.length > 0) texts.push(decodeRun(run, options));
  return texts.join(" ");
}

function decodeRun(run: readonly string[], { legacy, addPrefixSpace, prefix, controls }: DecodeOptions): string {
  // transformers removes one mark; then SentencePiece removes the mark of its own prefix.
  const given = (addPrefixSpace ? withoutMark(run) : run).filter((piece) => !controls.has(piece));
  let text = "";
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) text += decodeBytes(Uint8Array.from(bytes));
    bytes = [];
  };
  for (const piece of legacy && prefix !== "" ? withoutMark(given) : given) {
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

/** Removes the space mark at the beginning of the first piece, or the whole piece if it is only a mark. */
function withoutMark([first, ...rest]: readonly string[]): readonly string[] {
  if (first === undefined || first === SPACE) return rest;
  return [first.startsWith(SPACE) ? first.slice(1) : first, ...rest];
}

/** Removes spaces like `clean_up_tokenization` of transformers. */
function cleanedUp(text: string): string {
  return CLEANED.reduce((cleaned, [from, to]) => cleaned.replaceAll(from, to), text);
}

const CLEANED: readonly (readonly [string, string])[] = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];
/**
 * Matches the end of a text that {@link cleanedUp} may change when pieces follow. The patterns of {@link cleanedUp}
 * contain only these characters.
 */
const CLEANABLE_END = /[ .?!,'nmstvre]+$/;

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

/** Returns the number of bytes of a UTF-8 sequence with the given first byte. */
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
/** Does not drop U+FEFF at the beginning. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

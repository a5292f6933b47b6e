/**
 * The character for each byte in byte-level vocabularies (`bytes_to_unicode` of GPT-2). Printable Latin-1 characters
 * represent themselves. The other bytes are numbered from U+0100.
 */
export const BYTE_CHARACTERS: readonly string[] = characters();

/** Converts a string to the characters of its UTF-8 bytes. */
export function asByteCharacters(text: string): string {
  if (VISIBLE.test(text)) return text;
  let result = "";
  for (const byte of encoder.encode(text)) result += BYTE_CHARACTERS[byte] ?? "";
  return result;
}

/** Returns the bytes of a piece. If a character represents no byte, returns the piece's UTF-8 bytes. */
export function bytesOfPiece(piece: string): Iterable<number> {
  const bytes: number[] = [];
  for (const character of piece) {
    const byte = BYTES.get(character);
    if (byte === undefined) return encoder.encode(piece);
    bytes.push(byte);
  }
  return bytes;
}

function characters(): readonly string[] {
  let hidden = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : hidden++));
}

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
}

const VISIBLE = /^[!-~]*$/;
const BYTES: ReadonlyMap<string, number> = new Map(BYTE_CHARACTERS.map((character, byte) => [character, byte]));
const encoder = new TextEncoder();

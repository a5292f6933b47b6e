/**
 * Returns the words of a text: sequences of letters (with their marks) and numbers, in lower case and NFKC. Case,
 * punctuation, spacing and compatibility forms are thus ignored.
 */
export function wordsOf(text: string): readonly string[] {
  // Normalized again, because lower case may contain decomposed characters (a dotted capital I).
  const plain = ASCII.test(text) ? text.toLowerCase() : text.normalize("NFKC").toLowerCase().normalize("NFKC");
  return plain.match(WORD) ?? [];
}

// oxlint-disable-next-line no-control-regex
const ASCII = /^[\u0000-\u007f]*$/;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;

/**
 * The words of a text: NFKC, lower case, runs of letters (with their marks) and numbers. Case, punctuation, spacing and
 * compatibility forms do not count.
 */
export function wordsOf(text: string): readonly string[] {
  // Lower case may decompose (a dotted capital I), so the form is taken again.
  const plain = ASCII.test(text) ? text.toLowerCase() : text.normalize("NFKC").toLowerCase().normalize("NFKC");
  return plain.match(WORD) ?? [];
}

// oxlint-disable-next-line no-control-regex
const ASCII = /^[\u0000-\u007f]*$/;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;

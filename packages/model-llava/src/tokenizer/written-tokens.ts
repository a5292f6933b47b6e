/** With U+FFFD for each half of a surrogate pair, which has no UTF-8 form. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/**
 * Cuts text before and behind every token that is written in it, at each place the longest. No part is empty. Not by a
 * pattern: the tokens are a file's, and engines refuse patterns of too many or too long ones when they are first used.
 */
export function splitAtTokens(contents: Iterable<string>): (text: string) => string[] {
  const byFirst = new Map<number, string[]>();
  for (const content of [...contents].toSorted((a, b) => b.length - a.length)) {
    // Half of a pair is found in no well-formed text; it must not be found within a pair.
    if (wellFormed(content) !== content) continue;
    const first = content.charCodeAt(0);
    const alike = byFirst.get(first) ?? [];
    alike.push(content);
    byFirst.set(first, alike);
  }
  return (text) => {
    const parts: string[] = [];
    let start = 0;
    for (let at = 0; at < text.length;) {
      const token = byFirst.get(text.charCodeAt(at))?.find((content) => text.startsWith(content, at));
      if (token === undefined) {
        at++;
        continue;
      }
      if (at > start) parts.push(text.slice(start, at));
      parts.push(token);
      start = at += token.length;
    }
    if (start < text.length) parts.push(text.slice(start));
    return parts;
  };
}

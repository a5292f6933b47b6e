/** With U+FFFD for each half of a surrogate pair, which has no UTF-8 form. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** Cuts text before and behind every token that is written in it, at each place the longest. No part is empty. */
export function splitAtTokens(contents: Iterable<string>): (text: string) => string[] {
  const longestFirst = [...contents].toSorted((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return (text) => (text === "" ? [] : [text]);
  const pattern = new RegExp(`(${longestFirst.map(escapeForPattern).join("|")})`, "u");
  return (text) => text.split(pattern).filter((part) => part !== "");
}

// RegExp.escape needs Node 24.
function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

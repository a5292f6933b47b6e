import type { AddedToken } from "./vocabulary.ts";

/** Replaces each lone surrogate with U+FFFD, because it has no UTF-8 form. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** A token in a text, from `start` (inclusive) to `end` (exclusive). */
interface Match {
  readonly token: AddedToken;
  readonly start: number;
  readonly end: number;
}

/**
 * Finds tokens in a text from left to right, regardless of their flags. At each place the longest token wins. Uses no
 * regular expression, because JavaScript engines refuse one with too many or too long alternatives.
 */
function tokenFinder(tokens: ReadonlyMap<string, AddedToken>): (text: string) => Generator<Match> {
  const byFirst = new Map<number, [string, AddedToken][]>();
  for (const [content, token] of [...tokens].toSorted(([a], [b]) => b.length - a.length)) {
    // A lone surrogate occurs in no well-formed text, and must not match inside a pair.
    if (content === "" || wellFormed(content) !== content) continue;
    const first = content.charCodeAt(0);
    const alike = byFirst.get(first) ?? [];
    alike.push([content, token]);
    byFirst.set(first, alike);
  }
  return function* find(text) {
    for (let at = 0; at < text.length;) {
      const found = byFirst.get(text.charCodeAt(at))?.find(([content]) => text.startsWith(content, at));
      if (found === undefined) at++;
      else {
        const [content, token] = found;
        yield { token, start: at, end: at + content.length };
        at += content.length;
      }
    }
  };
}

/** Splits text at its tokens, regardless of their flags. No part is empty. */
export function splitAtTokens(tokens: readonly AddedToken[]): (text: string) => (string | AddedToken)[] {
  const find = tokenFinder(new Map(tokens.map((token) => [token.content, token])));
  return (text) => {
    const parts: (string | AddedToken)[] = [];
    let from = 0;
    for (const { token, start, end } of find(text)) {
      if (start > from) parts.push(text.slice(from, start));
      parts.push(token);
      from = end;
    }
    if (from < text.length) parts.push(text.slice(from));
    return parts;
  };
}

/**
 * Splits text at its tokens according to their flags, like the tokenizers library. A `singleWord` token inside a word
 * is ignored. `lstrip` and `rstrip` tokens absorb adjacent whitespace. `written` returns the form of a token to search
 * for.
 */
export function splitByFlags(
  tokens: readonly AddedToken[],
  written: (content: string) => string,
): (text: string) => (string | AddedToken)[] {
  const forms = new Map<string, AddedToken>();
  for (const token of tokens) {
    const form = written(token.content);
    if (!forms.has(form)) forms.set(form, token);
  }
  const find = tokenFinder(forms);
  return (text) => {
    const parts: (string | AddedToken)[] = [];
    let from = 0;
    for (const match of find(text)) {
      const { token } = match;
      if (token.singleWord && !isBetweenWords(text, match)) continue;
      // The previous token may have absorbed whitespace.
      const start = token.lstrip ? spaceBefore(text, match.start, from) : match.start;
      if (start > from) parts.push(text.slice(from, start));
      parts.push(token);
      from = token.rstrip ? spaceBehind(text, match.end) : match.end;
    }
    if (from < text.length) parts.push(text.slice(from));
    return parts;
  };
}

function isBetweenWords(text: string, { start, end }: Match): boolean {
  const low = isTrailing(text.charCodeAt(start - 1)) ? start - 2 : start - 1;
  return (
    !WORD.test(text.slice(Math.max(low, 0), start)) && !WORD.test(String.fromCodePoint(text.codePointAt(end) ?? 0))
  );
}

function isTrailing(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

type IsWhite = (character: string) => boolean;

/** Returns the start of the whitespace before `end`; at least `from`. */
export function spaceBefore(text: string, end: number, from: number, isWhite: IsWhite = isWhiteSpace): number {
  let at = end;
  while (at > from && isWhite(text.charAt(at - 1))) at--;
  return at;
}

/** Returns the end of the whitespace that begins at `start`. */
export function spaceBehind(text: string, start: number, isWhite: IsWhite = isWhiteSpace): number {
  let at = start;
  while (at < text.length && isWhite(text.charAt(at))) at++;
  return at;
}

/** Returns whether a character matches `\s` in Rust's regular expressions. */
export function isWhiteSpace(character: string): boolean {
  return WHITE.test(character);
}

/** Matches like `\w` in Rust's regular expressions. */
const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const WHITE = /\p{White_Space}/u;

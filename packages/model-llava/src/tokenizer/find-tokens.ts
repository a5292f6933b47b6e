import type { AddedToken } from "./vocabulary.ts";

/** With U+FFFD for each half of a surrogate pair, which has no UTF-8 form. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** A token in a text, from its first character to behind its last. */
interface Match {
  readonly token: AddedToken;
  readonly start: number;
  readonly end: number;
}

/**
 * Finds tokens that are written in a text, from left to right, at each place the longest, whatever their flags. Not by a
 * pattern: the tokens are a file's, and engines refuse patterns of too many or too long ones when they are first used.
 */
function tokenFinder(tokens: ReadonlyMap<string, AddedToken>): (text: string) => Generator<Match> {
  const byFirst = new Map<number, [string, AddedToken][]>();
  for (const [content, token] of [...tokens].toSorted(([a], [b]) => b.length - a.length)) {
    // Half of a pair is found in no well-formed text; it must not be found within a pair.
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

/** Cuts text before and behind the tokens in it, whatever their flags. No part is empty. */
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
 * Cuts text into tokens and the text between them by the tokens' flags, as the tokenizers library does: a token that may
 * stand between words only is passed over elsewhere, others take the white space beside them. `written` gives the form in
 * which a token is looked for.
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
      // White space that the token before took is gone.
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

/** Where the white space before `end` begins, at `from` at the earliest. */
export function spaceBefore(text: string, end: number, from: number, isWhite: IsWhite = isWhiteSpace): number {
  let at = end;
  while (at > from && isWhite(text.charAt(at - 1))) at--;
  return at;
}

/** Where the white space from `start` on ends. */
export function spaceBehind(text: string, start: number, isWhite: IsWhite = isWhiteSpace): number {
  let at = start;
  while (at < text.length && isWhite(text.charAt(at))) at++;
  return at;
}

/** As `\s` of Rust's regular expressions. */
export function isWhiteSpace(character: string): boolean {
  return WHITE.test(character);
}

/** As `\w` of Rust's regular expressions. */
const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const WHITE = /\p{White_Space}/u;

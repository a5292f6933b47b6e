/**
 * As `JSON.parse`, but an integer that no number holds exactly (beyond 2^53) becomes text with all its digits: a name
 * keeps its value, and where a number is wanted the text is refused.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return MANY_DIGITS.test(text) ? JSON.parse(withExactIntegers(text)) : value;
}

const MANY_DIGITS = /\d{16}/;
const LONG_INTEGER = /-?\d{16,}(?![\d.eE])/g;

/** Strings are skipped by hand: an expression that matches one overflows its stack at some millions of escapes. */
function withExactIntegers(text: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const string = quote < 0 ? text.length : quote;
    const end = endOfString(text, string);
    parts.push(text.slice(at, string).replaceAll(LONG_INTEGER, exactText), text.slice(string, end));
    at = end;
  }
  return parts.join("");
}

/** Behind the quotation mark that ends the string at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function exactText(integer: string): string {
  return Number.isSafeInteger(Number(integer)) ? integer : `"${integer}"`;
}

/**
 * Like `JSON.parse`, but an integer that a number cannot represent exactly (beyond 2^53) becomes text with all its
 * digits. An id thus keeps its value, and a schema that expects a number refuses the text.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return MANY_DIGITS.test(text) ? JSON.parse(withExactIntegers(text)) : value;
}

const MANY_DIGITS = /\d{16}/;
const LONG_INTEGER = /-?\d{16,}(?![\d.eE])/g;

/**
 * Puts quotation marks around integers that a number cannot represent. Strings are skipped without a regular
 * expression, which would overflow the stack at a few million escapes.
 */
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

/** The position after the quotation mark that ends the string at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function exactText(integer: string): string {
  return Number.isSafeInteger(Number(integer)) ? integer : `"${integer}"`;
}

/**
 * Like `JSON.parse`, but an integer beyond 2^53, which a number cannot represent exactly, becomes a string of its
 * digits. Ids thus keep their value, and a schema that expects a number refuses the string.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return MANY_DIGITS.test(text) ? JSON.parse(withExactIntegers(text)) : value;
}

const MANY_DIGITS = /\d{16}/;
const LONG_INTEGER = /-?\d{16,}(?![\d.eE])/g;

/**
 * Quotes integers that a number cannot represent. Does not use a regular expression for strings, which would overflow
 * the stack at a few million escapes.
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

/** Returns the position after the quotation mark that ends the string at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function exactText(integer: string): string {
  return Number.isSafeInteger(Number(integer)) ? integer : `"${integer}"`;
}

/**
 * As `JSON.parse`, but an integer that no number holds exactly (beyond 2^53) becomes text with all its digits: a name
 * keeps its value, and where a number is wanted the text is refused.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return MANY_DIGITS.test(text) ? JSON.parse(text.replaceAll(STRING_OR_INTEGER, withExactText)) : value;
}

const MANY_DIGITS = /\d{16}/;
const STRING_OR_INTEGER = /"(?:[^"\\]+|\\.)*"|-?\d{16,}(?![\d.eE])/g;

function withExactText(token: string): string {
  return token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`;
}

import { type Cursor, skipSpace, take, unexpected } from "./python-cursor.ts";

/**
 * Reads one string literal, or several adjacent literals that form one string. Undefined when no literal starts at the
 * cursor.
 */
export function takePythonString(cursor: Cursor): string | undefined {
  const parts: string[] = [];
  for (let open = take(cursor, OPEN); open !== undefined; open = take(cursor, OPEN)) {
    const [, prefix = "", quote = ""] = open;
    parts.push(readBody(cursor, quote, prefix.toLowerCase() === "r"));
    skipSpace(cursor);
  }
  return parts.length > 0 ? parts.join("") : undefined;
}

const OPEN = /([rRuU]?)('''|"""|'|")/y;

function readBody(cursor: Cursor, quote: string, raw: boolean): string {
  const start = cursor.at - quote.length;
  const parts: string[] = [];
  const plain = PLAIN[quote] ?? NEVER;
  while (!cursor.text.startsWith(quote, cursor.at)) {
    const part =
      take(cursor, plain)?.[0] ??
      (raw ? take(cursor, RAW_ESCAPE)?.[0] : takeEscape(cursor)) ??
      (quote.length > 1 ? take(cursor, QUOTE)?.[0] : undefined);
    if (part === undefined) throw unexpected(cursor, `${quote} for the string that begins at character ${start + 1}`);
    parts.push(part);
  }
  cursor.at += quote.length;
  return parts.join("");
}

/**
 * Characters without special meaning in a string: all except backslashes, the closing quote, and line breaks in a
 * one-line string.
 */
const PLAIN: Readonly<Record<string, RegExp>> = {
  "'": /[^'\\\n]+/y,
  '"': /[^"\\\n]+/y,
  "'''": /[^'\\]+/y,
  '"""': /[^"\\]+/y,
};
const NEVER = /(?!)/y;
const QUOTE = /['"]/y;
const RAW_ESCAPE = /\\[^]/y;

function takeEscape(cursor: Cursor): string | undefined {
  const simple = take(cursor, SIMPLE)?.[1];
  if (simple !== undefined) return SIMPLE_VALUES[simple] ?? (/[\r\n]/.test(simple) ? "" : simple);
  const octal = take(cursor, OCTAL)?.[1];
  if (octal !== undefined) return String.fromCodePoint(parseInt(octal, 8));
  const place = cursor.at;
  const digits = take(cursor, HEXADECIMAL)?.slice(1).join("");
  if (digits !== undefined) {
    const code = parseInt(digits, 16);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    throw unexpected({ ...cursor, at: place }, "a code point of at most 10ffff");
  }
  if (take(cursor, NUMBERED)) {
    throw unexpected({ ...cursor, at: place }, "\\x with 2, \\u with 4 or \\U with 8 hexadecimal digits");
  }
  // Any other backslash is a literal backslash.
  return take(cursor, BACKSLASH)?.[0];
}

const SIMPLE = /\\(\r?\n|[\\'"abfnrtv])/y;
const SIMPLE_VALUES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const OCTAL = /\\([0-7]{1,3})/y;
const HEXADECIMAL = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y;
const NUMBERED = /\\[xuUN]/y;
const BACKSLASH = /\\/y;

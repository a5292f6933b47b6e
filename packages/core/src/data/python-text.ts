/*
 * The original code is Python, and its white space is not JavaScript's: U+001C to U+001F and U+0085 count, U+FEFF does
 * not. Scores and token ids depend on it.
 */

/** The inside of a character class that is Python's `\s`, for regular expressions. */
export const PYTHON_WHITE_SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

/** The look-behind lets an attempt start only at the head of a run, which keeps it linear. */
const AROUND = new RegExp(`^[${PYTHON_WHITE_SPACE}]+|(?<![${PYTHON_WHITE_SPACE}])[${PYTHON_WHITE_SPACE}]+$`, "g");

/** Python's `str.strip()`. */
export function stripAsPython(text: string): string {
  return text.replaceAll(AROUND, "");
}

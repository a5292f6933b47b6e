/**
 * The original code is in Python, whose whitespace differs from JavaScript's: it includes U+001C to U+001F and U+0085,
 * and excludes U+FEFF. Scores and token ids depend on the difference.
 */

/** The characters of Python's `\s`, for use within the brackets of a regular expression. */
export const PYTHON_WHITE_SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

/** The look-behind lets a match start only where a run of whitespace begins, which keeps the time linear. */
const AROUND = new RegExp(`^[${PYTHON_WHITE_SPACE}]+|(?<![${PYTHON_WHITE_SPACE}])[${PYTHON_WHITE_SPACE}]+$`, "g");

/** Removes whitespace from both ends like Python's `str.strip()`. */
export function stripAsPython(text: string): string {
  return text.replaceAll(AROUND, "");
}

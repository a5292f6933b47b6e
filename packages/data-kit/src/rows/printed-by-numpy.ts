/**
 * Whether a string is a list as printed by numpy or pandas: items are separated by whitespace instead of commas, or an
 * inner list is written as `array([...])`. Python would read `['a' 'b']` as one text, "ab".
 */
export function isPrintedByNumpy(text: string): boolean {
  const trimmed = text.trim();
  if (!/^[[{]/.test(trimmed)) return false;
  let depth = 0;
  let items = 0;
  let inItem = false;
  let commas = false;
  // A loop, because a regular expression over a cell of megabytes overflows the stack.
  for (let at = 0; at < trimmed.length; at++) {
    const sign = trimmed.charAt(at);
    if (depth === 1) {
      commas ||= sign === ",";
      if (" \t\r\n".includes(sign)) inItem = false;
      else if (!inItem && sign !== "]") [items, inItem] = [items + 1, true];
    }
    if (QUOTES.includes(sign)) at = endOfText(trimmed, at);
    else if (CLOSING.includes(sign)) depth -= 1;
    else if (OPENING.includes(sign)) {
      if (sign === "(" && trimmed.endsWith("array", at)) return true;
      depth += 1;
    }
    if (depth === 0) return sign === "]" && at === trimmed.length - 1 && items > 1 && !commas;
  }
  return false;
}

const QUOTES = "'\"";
const OPENING = "([{";
const CLOSING = ")]}";

/** Returns the position of the quotation mark that ends the text starting at `start`. */
function endOfText(text: string, start: number): number {
  const quote = text.charAt(start);
  let at = start + 1;
  while (at < text.length && text.charAt(at) !== quote) at += text.charAt(at) === "\\" ? 2 : 1;
  return at;
}

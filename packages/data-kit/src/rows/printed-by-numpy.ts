/**
 * Whether a text is a list as `print` and pandas write one of numpy: its items have white space between them instead of
 * commas, or a list inside it is written as `array([...])`. Python reads `['a' 'b']` as one text, "ab".
 */
export function isPrintedByNumpy(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  const plain = text.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/gs, "s");
  return /\barray\(/.test(plain) || /^\s*\[\s*[\w.+-]+(?:\s+[\w.+-]+)+\s*\]\s*$/.test(withoutItems(plain));
}

/** The outermost list with one letter for every list or object inside it. */
function withoutItems(text: string): string {
  const items: string[] = [];
  let depth = 0;
  for (const [part] of text.matchAll(/[[\](){}]|[^[\](){}]+/g)) {
    if (")]}".includes(part)) depth -= 1;
    if (depth === 1 && "([{".includes(part)) items.push("s");
    else if (depth < 2 && !(depth === 1 && ")]}".includes(part))) items.push(part);
    if ("([{".includes(part)) depth += 1;
  }
  return items.join("");
}

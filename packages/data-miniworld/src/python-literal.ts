/**
 * Values that {@link pythonLiteral} writes like Python's `repr`: strings in single quotes, unless a string contains
 * single quotes only.
 */
export type PythonValue = string | readonly PythonValue[] | { readonly [key: string]: PythonValue };

export function pythonLiteral(value: PythonValue): string {
  if (typeof value === "string") return quoted(value);
  if (isList(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${quoted(key)}: ${pythonLiteral(item)}`)
    .join(", ")}}`;
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll(quote, `\\${quote}`);
  return `${quote}${escaped}${quote}`;
}

function isList(value: PythonValue): value is readonly PythonValue[] {
  return Array.isArray(value);
}

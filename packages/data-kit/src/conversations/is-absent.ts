/**
 * Whether a cell is empty, as in a column that only other rows use: null, an empty text, list or object (possibly
 * written as JSON), or a list or object with only empty values.
 */
export function isAbsent(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "string") return /^(?:|\[\s*\]|\{\s*\}|null)$/.test(value.trim());
  return typeof value === "object" && Object.values(value).every(isAbsent);
}

/**
 * Whether a cell is empty, because only other rows use its column. Null, an empty text, and lists and objects with only
 * empty values are empty, also when written as JSON.
 */
export function isAbsent(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "string") return /^(?:|\[\s*\]|\{\s*\}|null)$/.test(value.trim());
  return typeof value === "object" && Object.values(value).every(isAbsent);
}

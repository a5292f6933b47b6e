/**
 * Whether a cell holds nothing, as tables have it where only other rows use a column: null, an empty text, list or
 * object (also written as JSON), or one of nothing else.
 */
export function isAbsent(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "string") return /^(?:|\[\s*\]|\{\s*\}|null)$/.test(value.trim());
  return typeof value === "object" && Object.values(value).every(isAbsent);
}

import { isDeepStrictEqual } from "node:util";

/**
 * Describes the differences between two JSON values. Each description starts with the key's path below `path`, e.g.
 * `seed was 7, now it is 8`. A list of plain values is compared as a whole.
 */
export function differencesOf(before: unknown, now: unknown, path = ""): readonly string[] {
  if (isDeepStrictEqual(before, now)) return [];
  if (!isNested(before) || !isNested(now)) return [`${path} was ${shown(before)}, now it is ${shown(now)}`];
  const [left, right]: readonly Record<string, unknown>[] = [{ ...before }, { ...now }];
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys].flatMap((key) => differencesOf(left?.[key], right?.[key], path === "" ? key : `${path}.${key}`));
}

function isNested(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return !Array.isArray(value) || value.some((one) => typeof one === "object" && one !== null);
}

function shown(value: unknown): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}

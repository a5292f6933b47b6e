import type { z } from "zod";

/**
 * Describes what a schema expected, as words that follow "expected", e.g. "a whole number". Covers zod's own checks.
 * Undefined if the issue's message is the only description of what was expected.
 */
export function expectationOf(issue: z.core.$ZodRawIssue | z.core.$ZodIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return KINDS[issue.expected] ?? `a value of the type ${issue.expected}`;
    case "invalid_value":
      return alternatives(
        issue.values.map((value) => (typeof value === "string" ? JSON.stringify(value) : `${String(value)}`)),
      );
    case "too_small":
      return bounded(issue, issue.inclusive === false ? "greater than" : "of at least", Number(issue.minimum));
    case "too_big":
      return bounded(issue, issue.inclusive === false ? "less than" : "of at most", Number(issue.maximum));
    case "invalid_union": {
      const branches = issue.errors.map(([first]) => first && expectationOf(first));
      return branches.includes(undefined) || branches.length === 0
        ? undefined
        : alternatives([...new Set(branches)].map(String));
    }
    case "custom":
      // The message of a custom check may contain what was expected.
      return /^expected ((?!.*, found )[^;?]*)$/s.exec(issue.message ?? "")?.[1];
    default:
      return undefined;
  }
}

/**
 * An error map for zod: `schema.safeParse(value, { error: describeIssue })` produces messages such as "expected a whole
 * number".
 */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  const expected = expectationOf(issue);
  return expected === undefined ? undefined : `expected ${expected}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
  function: "a function",
  null: "null",
};

/** Describes a bound on a number, or on the length of a string or list. */
function bounded(
  { origin, exact }: { readonly origin: string; readonly exact?: boolean | undefined },
  bound: string,
  limit: number,
): string {
  const relation = exact ? "of" : bound;
  if (origin === "array") return `a list ${relation} ${limit} ${limit === 1 ? "entry" : "entries"}`;
  if (origin === "string") return `text ${relation} ${limit} ${limit === 1 ? "character" : "characters"}`;
  if (origin === "int" && relation === "of at least") return `a whole number, ${limit} or more`;
  return `${origin === "int" ? "a whole number" : "a number"} ${relation} ${limit}`;
}

/** Joins alternatives: "a", "a or b", "a, b or c". */
function alternatives(all: readonly string[]): string {
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

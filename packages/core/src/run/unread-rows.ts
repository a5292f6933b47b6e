import { messageOf } from "@mlan/errors";
import type { z } from "zod";
import { MlanError } from "../errors.ts";
import { expectationOf } from "../scope/expectation.ts";

/**
 * Returns the `invalid-data` error for a dataset whose rows cannot be read. The message contains row and field for a
 * zod error, and the reason for any other error. An `MlanError` or an abort is returned unchanged.
 */
export function unreadRows(name: string, cause: unknown): unknown {
  if (MlanError.is(cause) || Object(cause).name === "AbortError") return cause;
  const issue = firstIssue(cause);
  const problem = issue
    ? `${placeOf(issue)}${problemOf(issue)}. Correct or remove that row`
    : `its rows cannot be read (${messageOf(cause)})`;
  return new MlanError("invalid-data", `${name}: ${problem}.`, { cause });
}

/** Returns the first issue of a zod error, whichever copy of zod threw it. */
function firstIssue(error: unknown): z.core.$ZodIssue | undefined {
  const { name, issues } = Object(error);
  return String(name).endsWith("ZodError") && Array.isArray(issues) ? issues[0] : undefined;
}

function placeOf({ path: [row, ...fields] }: z.core.$ZodIssue): string {
  if (typeof row !== "number") return row === undefined ? "" : `field "${[row, ...fields].join(".")}": `;
  return `row ${row}${fields.length > 0 ? `, field "${fields.join(".")}"` : ""}: `;
}

/**
 * Describes an issue by the expected type. The issue does not contain the value, but zod's message contains the value's
 * type.
 */
function problemOf(issue: z.core.$ZodIssue): string {
  const expected = expectationOf(issue);
  if (expected === undefined) return issue.message.replace(/\.$/, "");
  const found = /received (\w+)$/.exec(issue.message)?.[1];
  const shown = found === undefined ? "" : `, found ${found === "undefined" ? "nothing" : found}`;
  return `expected ${expected}${shown}`;
}

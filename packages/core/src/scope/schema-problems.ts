import type { z } from "zod";
import { shownValue } from "../errors.ts";

/**
 * Describes the problems that a schema found, joined by "; ", e.g. `key "step": expected a whole number, found "4"`.
 * The error must come from a parse with {@link describeIssue} and `reportInput`.
 */
export function problemsOf({ issues }: z.ZodError, part: "option" | "key"): string {
  // Only the first issue of each path is described: zod reports a string in place of a list also as a list that is too
  // short.
  const paths = issues.map(({ path }) => path.join("."));
  const firsts = issues.filter((_, index) => paths.indexOf(paths[index] ?? "") === index);
  return firsts.map((issue) => problemOf(issue, part)).join("; ");
}

function problemOf(issue: z.core.$ZodIssue, part: "option" | "key"): string {
  const at = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys.map((key) => `"${at ? `${at}.` : ""}${key}"`).join(", ");
    return part === "option" ? `there is no option ${names}` : `unknown ${part} ${names}`;
  }
  // A custom message may already contain the value found.
  const found = /^expected [^;?]*$/.test(issue.message) && !issue.message.includes(", found ");
  const problem = `${issue.message.replace(/\.$/, "")}${found ? `, found ${shownValue(issue.input)}` : ""}`;
  return at === "" ? problem : `${part} "${at}": ${problem}`;
}

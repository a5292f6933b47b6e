import type { z } from "zod";
import { shownValue } from "./errors.ts";

/**
 * What a schema found wrong, e.g. `key "step": expected a whole number, found "4"`, several joined by "; ". The schema parsed
 * with {@link plainWords} and `reportInput`.
 */
export function problemsOf({ issues }: z.ZodError, part: "option" | "key"): string {
  // A text where a list is wanted is also too short a list: what is said first says it.
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
  // A schema's own message may be more than what was expected, and say what was found.
  const found = /^expected [^;?]*$/.test(issue.message) && !issue.message.includes(", found ");
  const problem = `${issue.message.replace(/\.$/, "")}${found ? `, found ${shownValue(issue.input)}` : ""}`;
  return at === "" ? problem : `${part} "${at}": ${problem}`;
}

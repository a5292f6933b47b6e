import { z } from "zod";
import { MlanError, shownValue } from "./errors.ts";
import { expectationOf } from "./expectation.ts";

/**
 * The options, when the schema accepts them. Throws one `invalid-options` error in plain words that begins with the name of
 * the `speaker` (a package or function) and names every option that is unknown, missing or not as expected, with the
 * value found.
 */
export function checkOptions<Options>(speaker: string, schema: z.ZodType<Options>, options: unknown): Options {
  const { data, success, error } = schema.safeParse(options, { reportInput: true, error: plainWords });
  if (success) return data;
  // A text where a list is wanted is also too short a list: what is said first says it.
  const paths = error.issues.map(({ path }) => path.join("."));
  const firsts = error.issues.filter((_, index) => paths.indexOf(paths[index] ?? "") === index);
  const problems = firsts.map(problemOf).join("; ");
  throw new MlanError(
    "invalid-options",
    `${speaker}: ${problems}${/[?!]$/.test(problems) ? "" : "."}${knownOptions(schema, error.issues)}`,
    {
      cause: error,
    },
  );
}

function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  const expected = expectationOf(issue);
  return expected === undefined ? undefined : `expected ${expected}`;
}

function problemOf(issue: z.core.$ZodIssue): string {
  const at = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys.map((key) => `"${at ? `${at}.` : ""}${key}"`).join(", ");
    return `there is no option ${names}`;
  }
  // A schema's own message may be more than what was expected, and say what was found.
  const found = /^expected [^;?]*$/.test(issue.message) && !issue.message.includes(", found ");
  const problem = `${issue.message.replace(/\.$/, "")}${found ? `, found ${shownValue(issue.input)}` : ""}`;
  return at === "" ? problem : `option "${at}": ${problem}`;
}

/** Where one is unknown, the names that may have been meant. */
function knownOptions(schema: z.ZodType, issues: readonly z.core.$ZodIssue[]): string {
  const unknown = issues.some(({ code, path }) => code === "unrecognized_keys" && path.length === 0);
  if (!unknown || !(schema instanceof z.ZodObject)) return "";
  return ` Its options are ${Object.keys(schema.shape).join(", ")}.`;
}

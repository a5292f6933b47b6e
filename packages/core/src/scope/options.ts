import { z } from "zod";
import { MlanError } from "../errors.ts";
import { describeIssue } from "./expectation.ts";
import { problemsOf } from "./schema-problems.ts";

/**
 * Returns the options when the schema accepts them. Otherwise throws `invalid-options`. The message starts with
 * `errorPrefix` (a package or function), and lists every unknown, missing or wrong option with the value found.
 */
export function checkOptions<Options>(errorPrefix: string, schema: z.ZodType<Options>, options: unknown): Options {
  const { data, success, error } = schema.safeParse(options, { reportInput: true, error: describeIssue });
  if (success) return data;
  const problems = problemsOf(error, "option");
  throw new MlanError(
    "invalid-options",
    `${errorPrefix}: ${problems}${/[?!]$/.test(problems) ? "" : "."}${knownOptions(schema, error.issues)}`,
    {
      cause: error,
    },
  );
}

/** Lists the known options if an unknown option was given. */
function knownOptions(schema: z.ZodType, issues: readonly z.core.$ZodIssue[]): string {
  const unknown = issues.some(({ code, path }) => code === "unrecognized_keys" && path.length === 0);
  if (!unknown || !(schema instanceof z.ZodObject)) return "";
  return ` Its options are ${Object.keys(schema.shape).join(", ")}.`;
}

import { z } from "zod";
import { MlanError } from "./errors.ts";
import { plainWords } from "./expectation.ts";
import { problemsOf } from "./schema-problems.ts";

/**
 * The options, when the schema accepts them. Throws one `invalid-options` error in plain words that begins with the name of
 * the `speaker` (a package or function) and names every option that is unknown, missing or not as expected, with the
 * value found.
 */
export function checkOptions<Options>(speaker: string, schema: z.ZodType<Options>, options: unknown): Options {
  const { data, success, error } = schema.safeParse(options, { reportInput: true, error: plainWords });
  if (success) return data;
  const problems = problemsOf(error, "option");
  throw new MlanError(
    "invalid-options",
    `${speaker}: ${problems}${/[?!]$/.test(problems) ? "" : "."}${knownOptions(schema, error.issues)}`,
    {
      cause: error,
    },
  );
}

/** Where one is unknown, the names that may have been meant. */
function knownOptions(schema: z.ZodType, issues: readonly z.core.$ZodIssue[]): string {
  const unknown = issues.some(({ code, path }) => code === "unrecognized_keys" && path.length === 0);
  if (!unknown || !(schema instanceof z.ZodObject)) return "";
  return ` Its options are ${Object.keys(schema.shape).join(", ")}.`;
}

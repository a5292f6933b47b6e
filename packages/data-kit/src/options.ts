import { MlanError } from "@mlan/core";
import { z } from "zod";

/**
 * The options, when the schema accepts them. Throws one `invalid-options` error, in the name of `speaker`, that tells
 * every option that is unknown or of a wrong type.
 */
export function checkOptions<Options>(speaker: string, schema: z.ZodType<Options>, options: unknown): Options {
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const problems = result.error.issues.map(problemOf).join("; ");
  throw new MlanError("invalid-options", `${speaker}: ${problems}. Its options are ${known.join(", ")}.`);
}

function problemOf(issue: z.core.$ZodIssue): string {
  const at = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const names = issue.keys.map((key) => `"${at ? `${at}.` : ""}${key}"`).join(", ");
    return `there is no option ${names}`;
  }
  return at === "" ? issue.message : `option "${at}": ${issue.message}`;
}

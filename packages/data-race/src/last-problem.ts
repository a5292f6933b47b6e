import { messageOf } from "@mlan/core";
import { parsePythonLiteral } from "@mlan/data-kit";
import { z } from "zod";

export interface Problem {
  readonly question: string;
  readonly options: readonly string[];
  readonly answer: string;
}

const problem = z.object({
  question: z.string(),
  options: z.array(z.string()).length(4),
  answer: z.enum(["A", "B", "C", "D"]),
});

/**
 * The last of the questions about one article. The published JSONL holds a list of them; in Parquet it is text, that
 * list as Python writes it.
 */
export const lastProblem: z.ZodType<Problem> = z
  .unknown()
  .transform((value, context) => {
    if (typeof value !== "string") return value;
    try {
      return parsePythonLiteral(value);
    } catch (cause) {
      context.addIssue({ code: "custom", message: messageOf(cause) });
      return z.NEVER;
    }
  })
  .pipe(z.array(problem))
  .transform((problems, context) => {
    const last = problems.at(-1);
    if (last !== undefined) return last;
    context.addIssue({ code: "custom", message: "expected at least one question" });
    return z.NEVER;
  });

import { pythonList } from "@mlan/data-kit";
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
 * Schema that returns the last question about an article. The published JSONL stores the questions as a list, the
 * Parquet files as the text of a Python list.
 */
export const lastProblem: z.ZodType<Problem> = pythonList(problem).transform((problems, context) => {
  const last = problems.at(-1);
  if (last !== undefined) return last;
  context.addIssue({ code: "custom", message: "expected at least one question" });
  return z.NEVER;
});

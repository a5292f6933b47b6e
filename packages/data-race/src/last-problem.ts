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
 * Schema that outputs the last question about an article. The questions are a list in the published JSONL, and text in
 * Parquet.
 */
export const lastProblem: z.ZodType<Problem> = pythonList(problem).transform((problems, context) => {
  const last = problems.at(-1);
  if (last !== undefined) return last;
  context.addIssue({ code: "custom", message: "expected at least one question" });
  return z.NEVER;
});

import { type Clock, CLOCK, EVALUATOR, type Evaluator, MlanError, type Plugin, plugin } from "@mlan/core";
import { z } from "zod";
import { evaluate } from "./evaluate.ts";

export interface GenerationEvaluatorOptions {
  /** Questions answered side by side. Default: the model's choice. Answers do not depend on it. */
  readonly batchSize?: number;
}

const optionsSchema = z.strictObject({ batchSize: z.int().positive().optional() });
const systemClock: Clock = { now: () => performance.now() };

/**
 * Evaluates by greedy answers: asks in the words of the benchmark's protocol, cuts at stop strings, reads the
 * answer, and gives each metric with its standard error. Throws `invalid-options` for options that do not exist.
 */
export function generation(options: GenerationEvaluatorOptions = {}): Plugin<Evaluator> {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    throw new MlanError("invalid-options", `generation: ${z.prettifyError(parsed.error)}`, { cause: parsed.error });
  }
  const { batchSize } = options;
  return plugin<Evaluator>({
    name: "@mlan/eval-generation",
    token: EVALUATOR,
    module: import.meta.url,
    settings: options,
    create: (scope) => ({
      specVersion: 1,
      name: "generation",
      evaluate: (run) =>
        evaluate(run, { clock: scope.find(CLOCK) ?? systemClock, ...(batchSize !== undefined && { batchSize }) }),
    }),
  });
}

import { checkOptions, CLOCK, COMPUTE, EVALUATOR, type Evaluator, type Plugin, plugin, systemClock } from "@mlan/core";
import { evaluateQuestions } from "@mlan/eval-kit";
import { z } from "zod";
import { newNameMethod } from "./new-name-method.ts";

export interface NewNameOptions {
  /** Number of questions that are answered in parallel. Answers do not depend on it. Default: the model's choice. */
  readonly batchSize?: number;
}

const optionsSchema = z.strictObject({ batchSize: z.int().positive().exactOptional() });
/** Evaluates with the method new-name. Throws `invalid-options`. */
export function newName(options: NewNameOptions = {}): Plugin<Evaluator> {
  const checked = checkOptions("new-name", optionsSchema, options);
  return plugin<Evaluator>({
    name: "@mlan/eval-new-name",
    token: EVALUATOR,
    module: import.meta.url,
    // Only options that change answers. A run may be resumed with different values of all other options.
    settings: {},
    create(scope) {
      // A model behind an API needs no compute plugin.
      const compute = scope.find(COMPUTE);
      return {
        specVersion: 1,
        name: "new-name",
        async *evaluate(run) {
          await compute?.open();
          yield* evaluateQuestions(run, newNameMethod(checked), { clock: scope.find(CLOCK) ?? systemClock });
        },
      };
    },
  });
}

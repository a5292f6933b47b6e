import { checkOptions, CLOCK, COMPUTE, EVALUATOR, type Evaluator, type Plugin, plugin, systemClock } from "@mlan/core";
import { evaluateQuestions } from "@mlan/eval-kit";
import { z } from "zod";
import { newNameMethod } from "./new-name-method.ts";

export interface NewNameOptions {
  /** Questions answered side by side. Default: the model's choice. Answers do not depend on it. */
  readonly batchSize?: number;
}

const optionsSchema = z.strictObject({ batchSize: z.int().positive().exactOptional() });
/** Evaluates by new-name. Throws `invalid-options`. */
export function newName(options: NewNameOptions = {}): Plugin<Evaluator> {
  const checked = checkOptions("new-name", optionsSchema, options);
  return plugin<Evaluator>({
    name: "@mlan/eval-new-name",
    token: EVALUATOR,
    module: import.meta.url,
    // Only options that change answers: a run may be resumed with different values of all others.
    settings: {},
    create(scope) {
      // A model behind an API needs none.
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

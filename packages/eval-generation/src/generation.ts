import {
  checkOptions,
  CLOCK,
  COMPUTE,
  EVALUATOR,
  type Evaluator,
  folderLocation,
  type Location,
  type Plugin,
  plugin,
  systemClock,
} from "@mlan/core";
import { checkFolder } from "@mlan/eval-kit";
import { z } from "zod";
import { evaluate } from "./evaluate.ts";

export interface GenerationEvaluatorOptions {
  /** Questions answered side by side. Default: the model's choice. Answers do not depend on it. */
  readonly batchSize?: number;
  /** Compute a beginning that several prompts share only once. Answers do not depend on it. Default true. */
  readonly sharePrefixes?: boolean;
  /**
   * Folder in which the model keeps what its frozen parts make of images, by content, for later evaluations. Default:
   * none is kept.
   */
  readonly featureCache?: Location;
  /** Questions, drawn at random, that are asked again alone to see whether answers depend on the batch. Default 0. */
  readonly verify?: number;
}

const optionsSchema = z.strictObject({
  batchSize: z.int().positive().exactOptional(),
  sharePrefixes: z.boolean().exactOptional(),
  featureCache: folderLocation.exactOptional(),
  verify: z.int().min(0).exactOptional(),
});
/**
 * Evaluates by greedy answers: asks in the words of the benchmark's protocol, cuts at stop strings, reads the
 * answer, and gives each metric with its standard error and interval. Throws `invalid-options` for options that do not
 * exist.
 */
export function generation(options: GenerationEvaluatorOptions = {}): Plugin<Evaluator> {
  const checked = checkOptions("generation", optionsSchema, options);
  return plugin<Evaluator>({
    name: "@mlan/eval-generation",
    token: EVALUATOR,
    module: import.meta.url,
    // What changes no answer is left out, so that a run may be continued with other values of it.
    settings: { verify: checked.verify ?? 0 },
    create(scope) {
      // A model elsewhere, behind an API say, needs none.
      const compute = scope.find(COMPUTE);
      return {
        specVersion: 1,
        name: "generation",
        check: async () => {
          if (checked.featureCache) await checkFolder("generation: featureCache", checked.featureCache);
        },
        async *evaluate(run) {
          await compute?.open();
          yield* evaluate(run, checked, scope.find(CLOCK) ?? systemClock);
        },
      };
    },
  });
}

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
  /** Number of questions per batch. Does not affect answers. Default: the model's choice. */
  readonly batchSize?: number;
  /** Whether a prefix that several prompts share is processed only once. Does not affect answers. Default true. */
  readonly sharePrefixes?: boolean;
  /**
   * Folder that caches the image features of the model's frozen components for later evaluations. Default: no cache.
   */
  readonly featureCache?: Location;
  /**
   * Number of random questions to ask again, one at a time, to check that answers do not depend on the batch. Default
   * 0.
   */
  readonly verify?: number;
}

const optionsSchema = z.strictObject({
  batchSize: z.int().positive().exactOptional(),
  sharePrefixes: z.boolean().exactOptional(),
  featureCache: folderLocation.exactOptional(),
  verify: z.int().min(0).exactOptional(),
});
/**
 * Creates a plugin that evaluates a model on greedily decoded answers. Asks the protocol's prompts, cuts answers at
 * stop strings, extracts and judges them, and reports each metric with its standard error and interval. Throws
 * `invalid-options`.
 */
export function generation(options: GenerationEvaluatorOptions = {}): Plugin<Evaluator> {
  const checked = checkOptions("generation", optionsSchema, options);
  return plugin<Evaluator>({
    name: "@mlan/eval-generation",
    token: EVALUATOR,
    module: import.meta.url,
    // Options that do not affect answers are left out, so that a run can be continued with other values.
    settings: { verify: checked.verify ?? 0 },
    create(scope) {
      // A model behind an API needs no compute.
      const compute = scope.find(COMPUTE);
      return {
        specVersion: 1,
        name: "generation",
        ...(checked.batchSize !== undefined && { batchSize: checked.batchSize }),
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

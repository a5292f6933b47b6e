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
import { checkFolder, evaluateQuestions } from "@mlan/eval-kit";
import { z } from "zod";
import { checkChoices } from "./check-choices.ts";
import { likelihoodMethod } from "./likelihood-method.ts";

export interface LikelihoodEvaluatorOptions {
  /**
   * The text that is scored after the prompt: a choice's label ("B"), as tuned models answer, or its text ("hawk").
   * Default "label".
   */
  readonly continuation?: "label" | "text";
  /** Number of continuations per batch. Does not affect scores. Default: the model's choice. */
  readonly batchSize?: number;
  /** Whether a prefix that several prompts share is processed only once. Does not affect scores. Default true. */
  readonly sharePrefixes?: boolean;
  /** Folder that caches the image features of the model's frozen components. Default: no cache. */
  readonly featureCache?: Location;
}

const optionsSchema = z.strictObject({
  continuation: z.enum(["label", "text"]).exactOptional(),
  batchSize: z.int().positive().exactOptional(),
  sharePrefixes: z.boolean().exactOptional(),
  featureCache: folderLocation.exactOptional(),
});
/**
 * Creates a plugin that evaluates by the most likely choice: every choice is scored as the continuation of the
 * protocol's prompt. Metrics use the choice with the greatest total log-probability. The headline metric is also
 * reported for log-probabilities per token and per character. Questions without choices count as unreadable. Throws
 * `invalid-options`.
 */
export function likelihood(options: LikelihoodEvaluatorOptions = {}): Plugin<Evaluator> {
  const { continuation = "label", ...modelOptions } = checkOptions("likelihood", optionsSchema, options);
  return plugin<Evaluator>({
    name: "@mlan/eval-likelihood",
    token: EVALUATOR,
    module: import.meta.url,
    // Options that do not affect scores are left out, so that a run can be continued with other values.
    settings: { continuation },
    create(scope) {
      // A model behind an API needs no compute.
      const compute = scope.find(COMPUTE);
      return {
        specVersion: 1,
        name: "likelihood",
        ...(modelOptions.batchSize !== undefined && { batchSize: modelOptions.batchSize }),
        check: async (planned) => {
          if (modelOptions.featureCache) await checkFolder("likelihood: featureCache", modelOptions.featureCache);
          await checkChoices(planned);
        },
        async *evaluate(run) {
          await compute?.open();
          const clock = scope.find(CLOCK) ?? systemClock;
          yield* evaluateQuestions(run, likelihoodMethod(continuation, modelOptions), { clock });
        },
      };
    },
  });
}

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
   * What is scored as the continuation of the prompt: a choice's label ("B"), as tuned models answer, or its text
   * ("hawk"). Default "label".
   */
  readonly continuation?: "label" | "text";
  /** Continuations scored side by side. Default: the model's choice. Scores do not depend on it. */
  readonly batchSize?: number;
  /** Compute what several prompts begin with once. Scores do not depend on it. Default true. */
  readonly sharePrefixes?: boolean;
  /** Folder in which the model keeps what its frozen parts make of images. Default: none is kept. */
  readonly featureCache?: Location;
}

const optionsSchema = z.strictObject({
  continuation: z.enum(["label", "text"]).exactOptional(),
  batchSize: z.int().positive().exactOptional(),
  sharePrefixes: z.boolean().exactOptional(),
  featureCache: folderLocation.exactOptional(),
});
/**
 * Evaluates by the likeliest choice instead of a written answer: every choice is scored as the continuation of the
 * benchmark's own prompt. The protocol's metrics see the choice of the greatest summed log-probability; beside them the
 * headline metric is given for log-probabilities per token and per character. Questions without choices count as
 * unreadable. Throws `invalid-options` for options that do not exist.
 */
export function likelihood(options: LikelihoodEvaluatorOptions = {}): Plugin<Evaluator> {
  const { continuation = "label", ...modelOptions } = checkOptions("likelihood", optionsSchema, options);
  return plugin<Evaluator>({
    name: "@mlan/eval-likelihood",
    token: EVALUATOR,
    module: import.meta.url,
    // What changes no score is left out, so that a run may be continued with other values of it.
    settings: { continuation },
    create(scope) {
      // A model elsewhere, behind an API say, needs none.
      const compute = scope.find(COMPUTE);
      return {
        specVersion: 1,
        name: "likelihood",
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

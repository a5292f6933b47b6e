import { type AdapterOptions, checkOptions, type TrainingRecipe } from "@mlan/core";
import { z } from "zod";

const count = z.int().min(1);
const share = z.number().min(0).max(1);

const component = z.enum(["language", "projector", "vision", "adapter"]);
const rate = z.number().min(0);

/** The schema of an adapter in a recipe. */
export const adapterSchema: z.ZodType<AdapterOptions, AdapterOptions> = z.strictObject({
  rank: count,
  alpha: z.number().positive(),
  dropout: z.number().min(0).lt(1),
  targets: z
    .union([z.array(z.string().min(1)).min(1), z.string().min(1).refine(isPattern, "expected a regular expression")], {
      error: "expected names of linear maps, or one regular expression",
    })
    .exactOptional(),
  rankStabilized: z.boolean(),
});

const schema = z
  .strictObject({
    trained: z.array(component).min(1, "expected at least one component to train"),
    adapter: adapterSchema.optional(),
    format: z.strictObject({
      template: z.string().min(1).optional(),
      imageAspectRatio: z.enum(["pad", "square"]),
      maximumLength: count,
    }),
    batchSize: count,
    microBatchSize: count,
    epochs: count,
    maximumSteps: count.optional(),
    learningRate: rate,
    learningRates: z.partialRecord(component, rate).optional(),
    warmupRatio: share,
    weightDecay: z.number().min(0),
    momentPrecision: z.enum(["float32", "bfloat16"]).optional(),
    maximumGradientNorm: z.number().positive().optional(),
    groupByModality: z.boolean(),
    lossWeighting: z.enum(["micro-batch", "position"]).optional(),
    groupLengths: z.enum(["signed", "absolute"]).optional(),
    answerSpans: z.enum(["text", "turns"]).optional(),
    checkpointEvery: count,
  })
  .refine(({ batchSize, microBatchSize }) => batchSize % microBatchSize === 0, {
    path: ["microBatchSize"],
    message: "it must divide batchSize",
  })
  .refine(({ trained, adapter }) => trained.includes("adapter") === (adapter !== undefined), {
    path: ["adapter"],
    message: 'an adapter and "adapter" among the trained components need each other',
  })
  .refine(({ trained, adapter }) => !adapter || !trained.includes("language"), {
    path: ["trained"],
    message: "the language model is frozen under its adapter; leave one of the two out",
  })
  .refine(
    ({ trained, learningRates = {} }) =>
      component.options.every((one) => learningRates[one] === undefined || trained.includes(one)),
    {
      path: ["learningRates"],
      message: "a component that is not trained has a learning rate",
    },
  );

function isPattern(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

/**
 * Returns the recipe unchanged. Throws `invalid-options` with every option that is unknown, missing or out of range.
 */
export function checkRecipe(recipe: TrainingRecipe): TrainingRecipe {
  checkOptions("trainer: this recipe cannot be used", schema, recipe);
  return recipe;
}

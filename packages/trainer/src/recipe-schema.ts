import { checkOptions, type TrainingRecipe } from "@mlan/core";
import { z } from "zod";

const count = z.int().min(1);
const share = z.number().min(0).max(1);

const schema = z
  .strictObject({
    trained: z.array(z.enum(["language", "projector", "vision"])).min(1, "expected at least one component to train"),
    format: z.strictObject({
      template: z.string().min(1).optional(),
      imageAspectRatio: z.enum(["pad", "square"]),
      maximumLength: count,
    }),
    batchSize: count,
    microBatchSize: count,
    epochs: count,
    maximumSteps: count.optional(),
    learningRate: z.number().min(0),
    warmupRatio: share,
    weightDecay: z.number().min(0),
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
  });

/** Returns the recipe unchanged. Throws `invalid-options` naming each option that is unknown, missing or out of range. */
export function checkRecipe(recipe: TrainingRecipe): TrainingRecipe {
  checkOptions("trainer: this recipe cannot be used", schema, recipe);
  return recipe;
}

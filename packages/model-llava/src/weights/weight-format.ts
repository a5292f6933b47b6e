import { type Component, MlanError } from "@mlan/core";
import { z } from "zod";
import type { Weight } from "./weight.ts";

/** How the decoder's matrices are kept in memory; see `BackboneOptions.weightFormat`. */
export type WeightFormat = z.infer<typeof weightFormat>;

export const weightFormat: z.ZodEnum<{ float32: "float32"; stored: "stored"; int8: "int8"; int4: "int4" }> = z.enum([
  "float32",
  "stored",
  "int8",
  "int4",
]);

/** Sizes of the blocks that share a scale. */
export const QUANTISED = {
  int8: { bits: 8, blockSize: 128 },
  int4: { bits: 4, blockSize: 64 },
} as const;

/** Whether a format rounds the weights. */
export function isQuantisedFormat(format: WeightFormat | undefined): format is keyof typeof QUANTISED {
  return format !== undefined && Object.hasOwn(QUANTISED, format);
}

/** Throws `invalid-options` for components whose weights a format rounds. */
export function checkLearning(components: readonly Component[], format: WeightFormat | undefined): void {
  if (!isQuantisedFormat(format) || !components.includes("language")) return;
  throw new MlanError(
    "invalid-options",
    `model-llava: weightFormat "${format}" rounds the matrices of the language model, which then cannot learn. Open the model with ` +
      'weightFormat "stored" or "float32" to train it, or train other components.',
  );
}

/** Whether a weight is quantised in these formats: a matrix of the decoder's layers, not its embedding or head. */
export function isQuantised({ component, name, isMultiplied }: Weight): boolean {
  return component === "language" && isMultiplied && name.startsWith(LAYERS);
}

/** Whether a weight stays in 16 bits where its file has them: quantised ones, and the head. */
export function staysStored({ component, isMultiplied }: Weight): boolean {
  return component === "language" && isMultiplied;
}

const LAYERS = "model.layers.";

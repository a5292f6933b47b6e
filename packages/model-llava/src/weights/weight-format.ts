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

/** Bits per value, and the number of values that share a scale, of each quantised format. */
export const QUANTISED = {
  int8: { bits: 8, blockSize: 128 },
  int4: { bits: 4, blockSize: 64 },
} as const;

/** Returns whether a format rounds the weights. */
export function isQuantisedFormat(format: WeightFormat | undefined): format is keyof typeof QUANTISED {
  return format !== undefined && Object.hasOwn(QUANTISED, format);
}

/** Throws `invalid-options` for components whose weights a format rounds. */
export function checkLearning(components: readonly Component[], format: WeightFormat | undefined): void {
  if (!isQuantisedFormat(format) || !components.includes("language")) return;
  throw new MlanError(
    "invalid-options",
    `model-llava: weightFormat "${format}" rounds the matrices of the language model, which then cannot be trained. Open the model with ` +
      'weightFormat "stored" or "float32" to train it, or train other components.',
  );
}

/**
 * Returns whether "int8" and "int4" quantise a weight: only matrices of the decoder's layers, not the embedding or the
 * output layer.
 */
export function isQuantised({ component, name, isMultiplied }: Weight): boolean {
  return component === "language" && isMultiplied && name.startsWith(LAYERS);
}

/**
 * Returns whether "stored" keeps a weight in its file's 16 bits: matrices of the decoder's layers, and the output
 * layer.
 */
export function staysStored({ component, isMultiplied }: Weight): boolean {
  return component === "language" && isMultiplied;
}

const LAYERS = "model.layers.";

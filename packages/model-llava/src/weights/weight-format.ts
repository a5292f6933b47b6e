import { type Component, MlanError, shownValue } from "@mlan/core";
import { z } from "zod";
import { EMBEDDING, HEAD } from "./tensor-names.ts";
import type { Weight } from "./weight.ts";

/** Storage of the decoder's matrices in memory; see `BackboneOptions.weightFormat`. */
export type WeightFormat = "float32" | "stored" | QuantizedFormat;

/** Bits per value of the layers' matrices, and values per scale, of each quantized format. */
const QUANTIZED = {
  int8: { bits: 8, blockSize: 64 },
  "int8-128": { bits: 8, blockSize: 128 },
  "int8-32": { bits: 8, blockSize: 32 },
  int4: { bits: 4, blockSize: 64 },
  "int4-128": { bits: 4, blockSize: 128 },
  "int4-32": { bits: 4, blockSize: 32 },
} as const;

export type QuantizedFormat = keyof typeof QUANTIZED;

const FORMATS: readonly WeightFormat[] = ["float32", "stored", ...(Object.keys(QUANTIZED) as QuantizedFormat[])];

export const weightFormat: z.ZodType<WeightFormat> = z.enum(FORMATS);

/** Throws `invalid-options` for an unknown format. */
export function checkWeightFormat(format: WeightFormat | undefined): void {
  if (format === undefined || FORMATS.includes(format)) return;
  throw new MlanError(
    "invalid-options",
    `model-llava: weightFormat ${shownValue(format)} does not exist. Use one of: ${FORMATS.join(", ")}.`,
  );
}

export function isQuantizedFormat(format: WeightFormat | undefined): format is QuantizedFormat {
  return format !== undefined && Object.hasOwn(QUANTIZED, format);
}

/** Throws `invalid-options` if a component to train has a quantized format. */
export function checkLearning(components: readonly Component[], format: WeightFormat | undefined): void {
  if (!isQuantizedFormat(format) || !components.includes("language")) return;
  throw new MlanError(
    "invalid-options",
    `model-llava: weightFormat "${format}" rounds the matrices of the language model, which then cannot be trained. Open the model with ` +
      'weightFormat "stored" or "float32" to train it, or train other components.',
  );
}

/** Returns whether quantized formats apply to a weight. They apply to the decoder's matrices, except the embedding. */
export function isQuantized({ component, isMultiplied }: Weight): boolean {
  return component === "language" && isMultiplied;
}

/** Returns the quantization of a weight. The output layer never has 4 bits, because it directly affects every token. */
export function quantizationOf({ name }: Weight, format: QuantizedFormat): Quantization {
  const { bits, blockSize } = QUANTIZED[format];
  return { bits: name === HEAD ? 8 : bits, blockSize };
}

export interface Quantization {
  readonly bits: 4 | 8;
  readonly blockSize: number;
}

/**
 * Returns whether a weight keeps the 16 bits of its file in memory: the vision tower's matrices, the decoder's matrices
 * in "stored", and the embedding.
 */
export function staysStored({ component, name, isMultiplied }: Weight, format: WeightFormat): boolean {
  if (format === "float32") return false;
  if (component === "vision") return isMultiplied;
  return component === "language" && (name === EMBEDDING || (format === "stored" && isMultiplied));
}

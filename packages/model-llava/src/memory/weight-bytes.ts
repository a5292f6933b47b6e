import type { Weight } from "../weights/weight.ts";
import {
  isQuantized,
  isQuantizedFormat,
  quantizationOf,
  staysStored,
  type WeightFormat,
} from "../weights/weight-format.ts";

export interface WeightBytesOptions {
  readonly format: WeightFormat;
  /** Whether the weight has 16 bits per value in the checkpoint's file. */
  readonly hasHalf: boolean;
  /** Whether `onnx` packs quantized matrices for answers, with a float32 sum per block. Default `false`. */
  readonly packed?: boolean;
}

/** Returns the bytes of a frozen weight in memory. */
export function weightBytes(weight: Weight, { format, hasHalf, packed = false }: WeightBytesOptions): number {
  if (isQuantizedFormat(format) && isQuantized(weight)) return quantizedBytes(weight, format, packed ? 8 : 4);
  return weight.size * (hasHalf && staysStored(weight, format) ? 2 : 4);
}

/**
 * Returns the bytes of a quantized weight: its codes, and what each block has besides them, which is one float32 scale
 * or more. The last block of a row may contain padding.
 */
function quantizedBytes(weight: Weight, format: Parameters<typeof quantizationOf>[1], besidesCodes: number): number {
  const { bits, blockSize } = quantizationOf(weight, format);
  const [rows = 1, columns = 1] = weight.shape;
  return rows * Math.ceil(columns / blockSize) * ((blockSize * bits) / 8 + besidesCodes);
}

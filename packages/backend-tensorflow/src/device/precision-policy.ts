/**
 * How an op treats 16-bit tensors when precision is "bfloat16". Matrix products are where 16 bits are fast; what sums
 * up many numbers or takes differences (norms, softmax, loss, residual stream, accumulated gradients) is computed and
 * kept in float32.
 */
export type OpPrecision =
  /** In bfloat16, whatever comes in. */
  | "half"
  /** In the type of its inputs: bfloat16 when all have it (a single number takes part in any), else float32. */
  | "kept"
  /** In float32, its result rounded to bfloat16. */
  | "rounded"
  /** Rows of a table: in bfloat16 when the table is a model's parameter, else like "kept". */
  | "lookup"
  /** In float32. */
  | "full";

const PRECISIONS: Readonly<Record<string, OpPrecision>> = {
  BatchMatMul: "half",
  BatchMatMulV2: "half",
  MatMul: "half",
  ConcatV2: "kept",
  Diag: "kept",
  ExpandDims: "kept",
  Mul: "kept",
  Neg: "kept",
  Pack: "kept",
  Pad: "kept",
  PadV2: "kept",
  Relu: "kept",
  Reshape: "kept",
  Sigmoid: "kept",
  Slice: "kept",
  SplitV: "kept",
  Squeeze: "kept",
  StridedSlice: "kept",
  Tile: "kept",
  Transpose: "kept",
  Unpack: "kept",
  ZerosLike: "kept",
  Softmax: "rounded",
  GatherV2: "lookup",
};

export function precisionOf(op: string): OpPrecision {
  return PRECISIONS[op] ?? "full";
}

/**
 * The precision of an op when the backend's precision is "bfloat16". 16 bits make matrix products fast. Sums of many
 * numbers and differences (norms, softmax, loss, residual stream, accumulated gradients) are computed and stored in
 * float32.
 */
export type OpPrecision =
  /** In bfloat16 for all input types. */
  | "half"
  /** In bfloat16 if all inputs with more than one element are bfloat16, otherwise in float32. */
  | "kept"
  /** In float32, with the result rounded to bfloat16. */
  | "rounded"
  /** Rows of a table: in bfloat16 if the table is a model's parameter, otherwise like "kept". */
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

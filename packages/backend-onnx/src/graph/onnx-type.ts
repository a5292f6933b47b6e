import type { DataType } from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import type { ElementType } from "./graph.ts";

/** The types of stored matrices. Only kernels for stored matrices read them. */
export type StoredType = "bfloat16" | "float16" | "uint8";

/** The types in compiled graphs: those of tensors, stored matrices, shapes and exact intermediate results. */
export type OnnxType = ElementType | StoredType | "int64" | "float64";

/** ONNX's number for each type (onnx.proto, TensorProto.DataType). The C API has the same numbers. */
export const ONNX_TYPES: Readonly<Record<OnnxType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};

/** Throws {@link BackendError} "unsupported" for `string` and `complex64`. */
export function elementType({ dtype }: { readonly dtype: DataType }): ElementType {
  if (dtype === "float32" || dtype === "int32" || dtype === "bool") return dtype;
  throw new BackendError(
    "unsupported",
    `dtype ${dtype} is not supported, only float32, int32 and bool. Use tf.setBackend("cpu") for this part.`,
  );
}

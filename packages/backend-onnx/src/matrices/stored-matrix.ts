import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { OnnxBackend } from "../onnx-backend.ts";
import type { Kernel } from "../kernel.ts";
import { kernel, operation, record } from "../kernels/tools/operation.ts";
import { type MatrixSource, openMatrix } from "./matrix-source.ts";

/** Attributes of the kernel "StoredMatrix". */
interface StoredMatrixAttributes {
  readonly source: MatrixSource;
  /** [rows, columns] */
  readonly shape: readonly [number, number];
  readonly type: "bfloat16" | "float16";
}

/** The type of an operand is that of its memory; float32 holds every value of 16 bits. */
const WIDEN = operation("Widen", (_, matrix) => ["Cast", [matrix], { to: 1 }]);

/** Reads a matrix in 16 bits as float32. In a graph, the float32 matrix exists only while it is used. */
export const WIDEN_MATRIX: Kernel = kernel<{ matrix: TensorInfo }>("WidenMatrix", ({ matrix }, _, recorder) =>
  record(recorder, WIDEN, [matrix], { shape: matrix.shape, dtype: "float32" }),
);

/** A matrix that keeps its 16 bits, for "WidenMatrix" alone. None on a device whose memory JavaScript cannot access. */
export function storedMatrix(backend: OnnxBackend, { source, shape, type }: StoredMatrixAttributes): TensorInfo[] {
  if (backend.device.provider !== "cpu") return [];
  const dataId = backend.adoptLeaf(openMatrix(backend.runtime, source, shape, type), shape, "int32", type);
  return [{ dataId, shape: [...shape], dtype: "int32" }];
}

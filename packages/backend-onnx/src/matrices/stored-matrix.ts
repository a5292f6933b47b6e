import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import { ONNX_TYPES } from "../graph/onnx-type.ts";
import type { Kernel } from "../kernel.ts";
import { assertKnownInRange, checkedIndices } from "../kernels/indexing/indices.ts";
import { floatProduct } from "../kernels/matrix/matmul.ts";
import { kernel, operation, type OutputNode, record } from "../kernels/tools/operation.ts";
import type { OnnxBackend } from "../onnx-backend.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import { type MatrixSource, openMatrix } from "./matrix-source.ts";

interface StoredMatrixAttributes {
  readonly source: MatrixSource;
  /** The shape [rows, columns]. */
  readonly shape: readonly [number, number];
  readonly type: "bfloat16" | "float16";
}

/** A stored matrix is an operand of its 16-bit type. Float32 represents each of its values exactly. */
const FLOAT32 = { to: ONNX_TYPES.float32 };

const WIDEN = operation("Widen", (_, matrix) => ["Cast", [matrix], FLOAT32]);

/** Converts a 16-bit matrix to float32. In a graph, the float32 matrix exists only while it is used. */
const WIDEN_MATRIX: Kernel = kernel<{ matrix: TensorInfo }>("WidenMatrix", ({ matrix }, _, recorder) =>
  record(recorder, WIDEN, [matrix], { shape: matrix.shape, dtype: "float32" }),
);

const STORED_ROWS = operation("StoredRows", ({ graph }, matrix, indices) => [
  "Cast",
  [graph.apply("Gather", [matrix, checkedIndices(graph, indices)], { axis: 0 })],
  FLOAT32,
]);

/** The rows of a matrix at `indices` [n] (int32), as float32. */
const STORED_ROWS_KERNEL: Kernel = kernel<{ matrix: TensorInfo; indices: TensorInfo }>(
  "StoredRows",
  ({ matrix, indices }, _, recorder) => {
    const [rows = 0, columns = 0] = matrix.shape;
    assertKnownInRange(recorder, "StoredRows", indices, [rows]);
    return record(recorder, STORED_ROWS, [matrix, indices], {
      shape: [indices.shape[0] ?? 0, columns],
      dtype: "float32",
    });
  },
);

/**
 * Number of values converted at a time for one row of input: 1 MB of float32 stays in the cache while it is multiplied.
 */
const FEW_VALUES = 2 ** 18;
/**
 * Number of values converted at a time for several rows of input. From this size on, splitting the matrix costs no
 * time.
 */
const MANY_VALUES = 2 ** 20;
const MANY_ROWS = 256;

/**
 * Converts and multiplies a matrix in parts, so that float32 values stay in the cache and the whole matrix never exists
 * in float32. For one row this takes half the time of converting the whole matrix first.
 */
const MATMUL_STORED = operation<{ readonly part: number }>(
  "MatMulStored",
  ({ graph, attributes: { part }, operands: [x, matrix], result: { shape } }, input, values) => {
    const [rows = 1, columns = 1] = matrix?.shape ?? [];
    const [n = 1] = shape;
    const times = (name: string, count: number): OutputNode => {
      const sides = [
        { name: input, shape: x?.shape ?? [] },
        { name: graph.apply("Cast", [name], FLOAT32), shape: [count, columns] },
      ];
      return floatProduct(graph, sides, { transposeA: false, transposeB: true }, [n, count]);
    };
    if (part === rows) return times(values, rows);
    const parts = graph.apply("Reshape", [values, graph.int64([rows / part, part, columns])]);
    const type = (matrix as RecordedValue).storedType ?? "float32";
    const products = graph.scan(parts, type, n === 1 ? 0 : 1, (one) => graph.apply(...times(one, part)));
    return ["Reshape", [products, graph.int64(shape)]];
  },
);

/** `x` [n, columns] times the transpose of a 16-bit matrix: [n, rows]. */
const MATMUL_STORED_KERNEL: Kernel = kernel<{ x: TensorInfo; matrix: TensorInfo }>(
  "MatMulStored",
  ({ x, matrix }, _, recorder) => {
    const [[n = 0, inner] = [], [rows = 1, columns = 1] = []] = [x.shape, matrix.shape];
    if (x.shape.length !== 2 || inner !== columns)
      throw new BackendError(
        "unsupported",
        `a matrix in 16 bits [${rows}, ${columns}] cannot multiply [${x.shape.join()}]. Give it [n, ${columns}].`,
      );
    const wanted = n === 1 ? FEW_VALUES / columns : Math.max(MANY_ROWS, MANY_VALUES / columns);
    const part = largestDivisor(rows, Math.max(1, Math.floor(wanted)));
    return record(
      recorder,
      MATMUL_STORED,
      [x, matrix],
      { shape: [n, rows], dtype: "float32" },
      // Small parts would cost more time than they save.
      { part: part < Math.min(rows, wanted) / 4 ? rows : part },
    );
  },
);

export const STORED_MATRIX_KERNELS: readonly Kernel[] = [WIDEN_MATRIX, STORED_ROWS_KERNEL, MATMUL_STORED_KERNEL];

function largestDivisor(of: number, limit: number): number {
  for (let divisor = Math.min(of, limit); divisor > 1; divisor--) if (of % divisor === 0) return divisor;
  return 1;
}

/**
 * Keeps a matrix with 16 bits per value for the kernels in this file. Returns no tensors on a device other than the
 * CPU.
 */
export function storedMatrix(backend: OnnxBackend, { source, shape, type }: StoredMatrixAttributes): TensorInfo[] {
  if (backend.device.provider !== "cpu") return [];
  const dataId = backend.adoptLeaf(openMatrix(backend.runtime, source, shape, type), shape, "int32", type);
  return [{ dataId, shape: [...shape], dtype: "int32" }];
}

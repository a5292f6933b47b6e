import * as tf from "@tensorflow/tfjs-core";
import { type FrozenMatrix, throughWidened } from "./frozen-matrix.ts";
import { fusedKernel } from "./fused-kernel.ts";
import { lookUp, type MatrixSource, readWords } from "./matrix-bytes.ts";

/** The 16-bit formats of published weights. */
export type StoredFormat = "bfloat16" | "float16";

/**
 * Creates a matrix [rows, columns] that keeps the 16 bits per value of its source. On a backend that can map files, a
 * matrix in a file uses none of the process's memory. Throws a `RangeError` for a wrong number of bytes.
 *
 * The kernel "StoredMatrix" (attributes `source`, `shape`, `type`) returns a tensor `matrix` for the kernels
 * "WidenMatrix", "StoredRows" (input `indices`), "MatMulStored" (input `x`) and "ReleasePages". Without these kernels,
 * the bit patterns are looked up in a table of all values.
 */
export function storedMatrix(
  source: MatrixSource,
  [rows, columns]: readonly [number, number],
  format: StoredFormat,
): FrozenMatrix {
  const shape: [number, number] = [rows, columns];
  const byteLength = 2 * rows * columns;
  if (source instanceof Uint8Array && source.byteLength !== byteLength)
    throw new RangeError(`fused-ops: ${source.byteLength} bytes were given for a matrix [${shape.join(", ")}].`);
  const [kept] = fusedKernel("StoredMatrix", {}, { source, shape, type: format }) ?? [];
  return { rows, columns, bits: 16, ...(kept ? inBackend(kept) : composed(source, shape, format)) };
}

type Operations = Pick<FrozenMatrix, "widen" | "rowsAt" | "multiply" | "releasePages" | "dispose">;

function inBackend(matrix: tf.Tensor): Operations {
  tf.keep(matrix);
  const run = (kernelName: string, inputs: tf.NamedTensorMap = {}): tf.Tensor2D => {
    const [result] = fusedKernel(kernelName, { ...inputs, matrix }) ?? [];
    if (!result) throw new Error("the backend that keeps a stored matrix is not the current one");
    return result as tf.Tensor2D;
  };
  return {
    widen: () => run("WidenMatrix"),
    rowsAt: (indices) => run("StoredRows", { indices }),
    multiply: (x) => run("MatMulStored", { x }),
    releasePages: () => void fusedKernel("ReleasePages", { matrix }),
    dispose: () => matrix.dispose(),
  };
}

function composed(source: MatrixSource, shape: [number, number], format: StoredFormat): Operations {
  const size = shape[0] * shape[1];
  const codes = readWords(source, 2 * size, 16);
  const values = tf.tensor1d(Float32Array.from({ length: 2 ** 16 }, (_, pattern) => valueOf(pattern, format)));
  for (const tensor of [codes.words, values]) tf.keep(tensor);
  return {
    ...throughWidened(() => tf.tidy(() => tf.reshape<tf.Rank.R2>(lookUp(codes, values, size), shape))),
    releasePages: () => {},
    dispose: () => tf.dispose([codes.words, values]),
  };
}

const view = new DataView(new ArrayBuffer(4));

/** Returns the float32 value of a 16-bit pattern. */
function valueOf(pattern: number, format: StoredFormat): number {
  if (format === "bfloat16") {
    view.setUint32(0, pattern << 16);
    return view.getFloat32(0);
  }
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

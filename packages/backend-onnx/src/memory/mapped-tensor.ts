import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import { invalidFile, openMapped } from "./mapped-file.ts";
import { OnnxBackend } from "../onnx-backend.ts";
import { sizeOf } from "./storage.ts";

export interface MappedTensorOptions {
  /** A file of little-endian numbers, such as a safetensors file. */
  readonly file: string | URL;
  /** Start of the tensor in bytes from the start of the file; a multiple of 4. Default 0. */
  readonly byteOffset?: number;
  readonly shape: readonly number[];
  /** Default "float32". */
  readonly dtype?: "float32" | "int32";
}

/** Bytes per element of both dtypes. */
const ELEMENT_BYTES = 4;

/**
 * Creates a tensor of the backend "onnx" from part of a file, for weights that do not change. The system reads pages
 * when they are needed, all processes share one copy, and disposing of the tensor removes the mapping. The file must
 * not change while the tensor exists; truncating it crashes the process. On Windows the file is read into memory.
 * Throws {@link BackendError} "invalid-options" if the file is missing or too short, the offset is not aligned, or the
 * backend is not in use yet.
 */
export function mappedTensor(options: MappedTensorOptions): tf.Tensor {
  const { file, byteOffset = 0, shape, dtype = "float32" } = options;
  if (dtype !== "float32" && dtype !== "int32")
    throw invalidFile(file, `dtype ${String(dtype)} cannot be mapped, only float32 and int32. Read it with tf.tensor`);
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0))
    throw invalidFile(file, `shape [${shape.join()}] is invalid. Dimensions must be whole numbers, 0 or more`);
  if (!Number.isSafeInteger(byteOffset) || byteOffset < 0 || byteOffset % ELEMENT_BYTES !== 0) {
    throw invalidFile(
      file,
      `byteOffset ${byteOffset} is not a multiple of ${ELEMENT_BYTES}. Read that part of the file and copy it with tf.tensor`,
    );
  }
  const backend = onnxBackend();
  const byteLength = sizeOf(shape) * ELEMENT_BYTES;
  const storage = openMapped(backend.runtime, { file, byteOffset, byteLength }, shape, dtype);
  const dataId = backend.adoptLeaf(storage, shape, dtype);
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype }, backend);
}

function onnxBackend(): OnnxBackend {
  const backend = tf.engine().registry["onnx"];
  if (backend instanceof OnnxBackend) return backend;
  throw new BackendError(
    "invalid-options",
    "mappedTensor works only on the current backend. Call useOnnxBackend first.",
  );
}

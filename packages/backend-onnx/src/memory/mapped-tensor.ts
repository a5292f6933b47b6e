import { closeSync, fstatSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";
import { mapStorage, type FileElementType } from "./file-storage.ts";
import type { Storage } from "../graph/graph.ts";
import { OnnxBackend } from "../onnx-backend.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";
import { sizeOf } from "./storage.ts";

export interface MappedTensorOptions {
  /** A file of little-endian numbers, such as a safetensors file. */
  readonly file: string | URL;
  /** Where the tensor begins, in bytes from the start of the file; a multiple of 4. Default 0. */
  readonly byteOffset?: number;
  readonly shape: readonly number[];
  /** Default "float32". */
  readonly dtype?: FileElementType;
}

/** The bytes of an element of both dtypes. */
const ELEMENT_BYTES = 4;

/**
 * A tensor of the backend "onnx" over a part of a file: nothing is read before it is needed, all graphs and processes
 * share the system's one copy, and the mapping goes when the tensor is disposed. For weights that do not change; the
 * file must stay as it is meanwhile (a shorter one ends the process). On Windows it is read into memory instead.
 * Throws {@link BackendError} "invalid-options" for a file that is missing, too short or not aligned, or before the
 * backend is in use.
 */
export function mappedTensor(options: MappedTensorOptions): tf.Tensor {
  const { file, byteOffset = 0, shape, dtype = "float32" } = options;
  if (dtype !== "float32" && dtype !== "int32")
    throw invalid(file, `dtype ${String(dtype)} is not mapped, only float32 and int32. Read it with tf.tensor`);
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0))
    throw invalid(file, `shape [${shape.join()}] holds more than whole numbers from 0`);
  if (!Number.isSafeInteger(byteOffset) || byteOffset < 0 || byteOffset % ELEMENT_BYTES !== 0) {
    throw invalid(
      file,
      `byteOffset ${byteOffset} is not a multiple of ${ELEMENT_BYTES}. Read that part and copy it with tf.tensor`,
    );
  }
  const backend = onnxBackend();
  const storage = openStorage(backend.runtime, { file, byteOffset, shape, dtype });
  const dataId = backend.adoptLeaf(storage, shape, dtype);
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape: [...shape], dtype }, backend);
}

function openStorage(runtime: OrtRuntime, { file, byteOffset, shape, dtype }: Required<MappedTensorOptions>): Storage {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (cause) {
    throw invalid(file, "it cannot be opened for reading. Check its path and rights", cause);
  }
  try {
    const byteLength = sizeOf(shape) * ELEMENT_BYTES;
    const { size } = fstatSync(descriptor);
    if (byteOffset + byteLength > size) {
      throw invalid(
        file,
        `shape [${shape.join()}] from byte ${byteOffset} ends at byte ${byteOffset + byteLength}, and the file has ` +
          `${size}. Check byteOffset and shape`,
      );
    }
    return mapStorage(runtime, { descriptor, byteOffset, byteLength }, shape, dtype);
  } catch (cause) {
    if (BackendError.is(cause)) throw cause;
    throw invalid(file, `${cause instanceof Error ? cause.message : String(cause)}. Read it with tf.tensor`, cause);
  } finally {
    closeSync(descriptor);
  }
}

function onnxBackend(): OnnxBackend {
  const backend = tf.engine().registry["onnx"];
  if (backend instanceof OnnxBackend) return backend;
  throw new BackendError("invalid-options", "mappedTensor needs the backend in use. Call useOnnxBackend first.");
}

function invalid(file: string | URL, reason: string, cause?: unknown): BackendError {
  return new BackendError("invalid-options", `${shownPath(file)} was not mapped: ${reason}.`, { cause });
}

/** As it is on disk; a URL that is no path stays an address. */
function shownPath(file: string | URL): string {
  try {
    return typeof file === "string" ? file : fileURLToPath(file);
  } catch {
    return String(file);
  }
}

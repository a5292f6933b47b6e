import type { Storage } from "../graph/graph.ts";
import type { StoredType } from "../graph/onnx-type.ts";
import { copyBytes } from "../memory/file-storage.ts";
import { openMapped } from "../memory/mapped-file.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";

/** Part of a little-endian file that does not change while the matrix exists. */
export interface FilePlace {
  readonly file: URL;
  readonly byteOffset: number;
}

/** The little-endian bytes of a matrix, or their place in a file. */
export type MatrixSource = Uint8Array | FilePlace;

/** Returns the memory of a stored matrix: a copy of its bytes, or a mapping of its part of the file. */
export function openMatrix(
  runtime: OrtRuntime,
  source: MatrixSource,
  shape: readonly number[],
  type: StoredType,
): Storage {
  if (source instanceof Uint8Array) return copyBytes(runtime, source, shape, type);
  const byteLength = shape.reduce((product, length) => product * length, type === "uint8" ? 1 : 2);
  return openMapped(runtime, { ...source, byteLength }, shape, type);
}

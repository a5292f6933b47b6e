import { readSync } from "node:fs";
import type { Storage } from "../graph/graph.ts";
import { fileMapper, type FileRange } from "./mapped-memory.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";
import { elements, type Elements, wrapStorage, writeStorage } from "./storage.ts";

/** The dtypes whose memory layout is that of a little-endian file. */
export type FileElementType = "float32" | "int32";

/** Maps part of a file, which ONNX Runtime reads in place. Throws a `RangeError` if the system cannot map it. */
export function mapStorage(
  runtime: OrtRuntime,
  range: FileRange,
  shape: readonly number[],
  dtype: FileElementType,
): Storage {
  const { byteLength } = range;
  const map = fileMapper();
  if (map === undefined || byteLength === 0) return copyStorage(runtime, range, shape, dtype);
  const { address, free } = map(range);
  const { tensorBytes, library } = runtime;
  tensorBytes.mapped += byteLength;
  const storage = wrapStorage(
    runtime,
    elements(library.view(address, byteLength), 0, byteLength / 4, dtype),
    shape,
    dtype,
    () => {
      tensorBytes.mapped -= byteLength;
      free();
    },
  );
  return Object.assign(storage, { readOnly: true });
}

/** A copy of part of a file, for systems without mmap. */
export function copyStorage(
  runtime: OrtRuntime,
  { descriptor, byteOffset, byteLength }: FileRange,
  shape: readonly number[],
  dtype: FileElementType,
): Storage {
  const bytes = new Uint8Array(byteLength);
  // One read returns at most 2 GiB.
  for (let done = 0; done < byteLength;) {
    const read = readSync(descriptor, bytes, done, Math.min(byteLength - done, 2 ** 30), byteOffset + done);
    if (read === 0) throw new RangeError(`the file ended ${byteLength - done} bytes early while it was read`);
    done += read;
  }
  const values: Elements = elements(bytes.buffer, 0, byteLength / 4, dtype);
  return writeStorage(runtime, values, shape, dtype);
}

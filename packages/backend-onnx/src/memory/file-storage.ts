import { readSync } from "node:fs";
import type { Storage } from "../graph/graph.ts";
import { fileMapper, type FileRange } from "./mapped-memory.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";
import { elements, type Elements, wrapStorage, writeStorage } from "./storage.ts";

/** The dtypes whose memory is what a little-endian file holds. */
export type FileElementType = "float32" | "int32";

/** Lets ONNX Runtime read a part of a file in place. Throws a `RangeError` where the system does not map it. */
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
  const { held, library } = runtime;
  held.mapped += byteLength;
  const storage = wrapStorage(
    runtime,
    elements(library.view(address, byteLength), 0, byteLength / 4, dtype),
    shape,
    dtype,
    () => {
      held.mapped -= byteLength;
      free();
    },
  );
  return Object.assign(storage, { readOnly: true });
}

/** A copy of a part of a file, for systems without mmap. */
export function copyStorage(
  runtime: OrtRuntime,
  { descriptor, byteOffset, byteLength }: FileRange,
  shape: readonly number[],
  dtype: FileElementType,
): Storage {
  const bytes = new Uint8Array(byteLength);
  // One read gives at most 2 GiB.
  for (let done = 0; done < byteLength;) {
    const read = readSync(descriptor, bytes, done, Math.min(byteLength - done, 2 ** 30), byteOffset + done);
    if (read === 0) throw new RangeError(`the file ended ${byteLength - done} bytes early while it was read`);
    done += read;
  }
  const values: Elements = elements(bytes.buffer, 0, byteLength / 4, dtype);
  return writeStorage(runtime, values, shape, dtype);
}

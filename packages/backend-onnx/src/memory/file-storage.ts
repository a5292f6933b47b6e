import { readSync } from "node:fs";
import type { Storage } from "../graph/graph.ts";
import type { StoredType } from "../graph/onnx-type.ts";
import { allocateLeafMemory } from "./leaf-memory.ts";
import { fileMapper, type FileRange } from "./mapped-memory.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";
import { elements, type Elements, wrapStorage, writeStorage } from "./storage.ts";

/** The dtypes whose memory layout equals that of a little-endian file. */
export type FileElementType = "float32" | "int32" | StoredType;

/** Maps part of a file. ONNX Runtime reads it in place. Throws a `RangeError` if the system cannot map it. */
export function mapStorage(
  runtime: OrtRuntime,
  range: FileRange,
  shape: readonly number[],
  dtype: FileElementType,
): Storage {
  const { byteLength } = range;
  const map = fileMapper();
  if (map === undefined || byteLength === 0) return copyStorage(runtime, range, shape, dtype);
  const { address, drop, free } = map(range);
  const { tensorBytes, library } = runtime;
  tensorBytes.mapped += byteLength;
  const storage = wrapStorage(runtime, elementsOf(library.view(address, byteLength), dtype), shape, dtype, () => {
    tensorBytes.mapped -= byteLength;
    free();
  });
  return Object.assign(storage, { readOnly: true, dropPages: drop });
}

/** Copies part of a file, for systems without mmap. */
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
  if (dtype !== "float32" && dtype !== "int32") return copyBytes(runtime, bytes, shape, dtype);
  return writeStorage(runtime, elementsOf(bytes.buffer, dtype), shape, dtype);
}

/** Copies the bytes of a stored matrix. */
export function copyBytes(runtime: OrtRuntime, bytes: Uint8Array, shape: readonly number[], type: StoredType): Storage {
  const { library, tensorBytes } = runtime;
  const { byteLength } = bytes;
  const { address, free } = allocateLeafMemory(byteLength);
  const memory = new Uint8Array(library.view(address, byteLength));
  memory.set(bytes);
  tensorBytes.leaves += byteLength;
  return wrapStorage(runtime, memory, shape, type, () => {
    tensorBytes.leaves -= byteLength;
    free();
  });
}

function elementsOf(buffer: ArrayBuffer, dtype: FileElementType): Elements {
  if (dtype === "float32" || dtype === "int32") return elements(buffer, 0, buffer.byteLength / 4, dtype);
  return new Uint8Array(buffer);
}

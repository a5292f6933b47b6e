import { BackendError } from "../backend-error.ts";
import type { ElementType, Storage } from "../graph/graph.ts";
import { allocateLeafMemory } from "./leaf-memory.ts";
import { allocateWritableMemory } from "./writable-memory.ts";
import { ONNX_TYPES, type StoredType } from "../graph/onnx-type.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";
import type { Pointer } from "../ort/ort-library.ts";

/** The numbers of a tensor. Booleans are 0 or 1. */
export type Elements = Float32Array | Int32Array | Uint8Array;

const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { float32: 4, int32: 4, bool: 1 };

/** Returns the number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

/** Returns the number of bytes of a tensor. */
export function byteLengthOf(shape: readonly number[], dtype: ElementType): number {
  return sizeOf(shape) * ELEMENT_BYTES[dtype];
}

/** Allocates memory in ONNX Runtime's arena without clearing it. */
export function allocateStorage(runtime: OrtRuntime, shape: readonly number[], dtype: ElementType): Storage {
  const { library, allocator } = runtime;
  const dimensions = int64(shape);
  const handle = library.create("CreateTensorAsOrtValue", allocator, dimensions, dimensions.length, ONNX_TYPES[dtype]);
  return adoptStorage(runtime, handle, sizeOf(shape), dtype);
}

/**
 * Copies `values`, so that the caller may change them before anything is computed. The copy is outside the arena:
 * leaves may live as long as a model and would fragment the memory of short-lived results. Zeros take no memory until
 * they are overwritten.
 */
export function writeStorage(
  runtime: OrtRuntime,
  values: ArrayLike<number>,
  shape: readonly number[],
  dtype: ElementType,
): Storage {
  if (values.length !== sizeOf(shape)) {
    throw new BackendError(
      "unsupported",
      `a tensor of shape [${shape.join()}] was given ${values.length} values. Pass as many values as the shape has elements.`,
    );
  }
  const size = sizeOf(shape);
  const byteLength = size * ELEMENT_BYTES[dtype];
  const { address, free } = allocateLeafMemory(byteLength);
  const view = elements(
    byteLength === 0 ? new ArrayBuffer(0) : runtime.library.view(address, byteLength),
    0,
    size,
    dtype,
  );
  const { tensorBytes } = runtime;
  tensorBytes.leaves += byteLength;
  const storage = wrapStorage(runtime, view, shape, dtype, () => {
    tensorBytes.leaves -= byteLength;
    free();
  });
  if (isZero(values)) return storage;
  // ONNX Runtime requires booleans to be 0 or 1.
  view.set(dtype === "bool" ? Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)) : values);
  return storage;
}

function isZero(values: ArrayLike<number>): boolean {
  // -0 is not all zero bits.
  for (let index = 0; index < values.length; index++) if (!Object.is(values[index], 0)) return false;
  return true;
}

/** The memory of a tensor that JavaScript writes in place. */
export interface WritableStorage {
  readonly storage: Storage;
  /** Lets the system allocate the pages on a different thread. */
  prepare(): void;
}

/**
 * Allocates float32 tensors of zeros with these shapes, outside the arena. A tensor takes no memory until it is
 * written.
 */
export function allocateWritableStorage(
  runtime: OrtRuntime,
  shapes: readonly (readonly number[])[],
): readonly WritableStorage[] {
  const { tensorBytes, library } = runtime;
  const byteLengths = shapes.map((shape) => byteLengthOf(shape, "float32"));
  return allocateWritableMemory(library, byteLengths).map(({ buffer, byteOffset, prepare, free }, index) => {
    const [shape = [], byteLength = 0] = [shapes[index], byteLengths[index]];
    tensorBytes.leaves += byteLength;
    const values = elements(buffer, byteOffset, sizeOf(shape), "float32");
    const storage = wrapStorage(runtime, values, shape, "float32", () => {
      tensorBytes.leaves -= byteLength;
      free();
    });
    return { storage, prepare };
  });
}

/** Wraps an OrtValue that ONNX Runtime created. Releasing the storage returns its memory to the arena. */
export function adoptStorage(runtime: OrtRuntime, handle: Pointer, size: number, dtype: ElementType): Storage {
  const { library } = runtime;
  const byteLength = size * ELEMENT_BYTES[dtype];
  return new OrtStorage(
    handle,
    byteLength,
    () => {
      const buffer =
        byteLength === 0
          ? new ArrayBuffer(0)
          : library.view(library.create("GetTensorMutableData", handle), byteLength);
      return elements(buffer, 0, size, dtype);
    },
    countedResult(runtime, handle, byteLength),
  );
}

/** Counts a result's memory until the returned function releases it. */
function countedResult({ library, tensorBytes }: OrtRuntime, handle: Pointer, byteLength: number): () => void {
  tensorBytes.results += byteLength;
  return () => {
    tensorBytes.results -= byteLength;
    library.release.ReleaseValue(handle);
  };
}

/** Wraps an OrtValue in device memory. */
export function deviceStorage(runtime: OrtRuntime, handle: Pointer, size: number, dtype: ElementType): Storage {
  const byteLength = size * ELEMENT_BYTES[dtype];
  return {
    handle,
    byteLength,
    onDevice: true,
    view() {
      throw new Error("JavaScript cannot read device memory directly");
    },
    release: countedResult(runtime, handle, byteLength),
  };
}

/** Lets ONNX Runtime read and write `data` in place. The storage keeps `data` alive. */
export function wrapStorage(
  { library, memoryInfo }: OrtRuntime,
  data: Elements,
  shape: readonly number[],
  dtype: ElementType | StoredType,
  released: () => void = () => {},
): Storage {
  const dimensions = int64(shape);
  const { byteLength } = data;
  const type = ONNX_TYPES[dtype];
  const handle = library.create(
    "CreateTensorWithDataAsOrtValue",
    memoryInfo,
    data,
    byteLength,
    dimensions,
    dimensions.length,
    type,
  );
  return new OrtStorage(
    handle,
    byteLength,
    () => data,
    () => {
      library.release.ReleaseValue(handle);
      released();
    },
  );
}

/** Returns a storage that shares a value's memory. Releasing it calls `released` and does not free the memory. */
export function borrowStorage({ storage }: { readonly storage: Storage | undefined }, released: () => void): Storage {
  if (storage === undefined) throw new Error("only a value that has been computed can be shared");
  const { handle, byteLength, onDevice, readOnly = false } = storage;
  return { handle, byteLength, onDevice, readOnly, view: () => storage.view(), release: released };
}

/** Returns a typed array of `dtype` over part of a buffer. */
export function elements(buffer: ArrayBuffer, byteOffset: number, size: number, dtype: ElementType): Elements {
  if (dtype === "float32") return new Float32Array(buffer, byteOffset, size);
  if (dtype === "int32") return new Int32Array(buffer, byteOffset, size);
  return new Uint8Array(buffer, byteOffset, size);
}

class OrtStorage implements Storage {
  readonly onDevice = false;
  readonly handle: Pointer;
  readonly byteLength: number;
  readonly #open: (byteLength: number) => Elements;
  readonly #free: () => void;
  #view: Elements | undefined;

  constructor(handle: Pointer, byteLength: number, open: (byteLength: number) => Elements, free: () => void) {
    this.handle = handle;
    this.byteLength = byteLength;
    this.#open = open;
    this.#free = free;
  }

  view(): Elements {
    this.#view ??= this.#open(this.byteLength);
    return this.#view;
  }

  release(): void {
    this.#view = undefined;
    this.#free();
  }
}

export function int64(shape: readonly number[]): BigInt64Array {
  return BigInt64Array.from(shape, BigInt);
}

import { BackendError } from "../backend-error.ts";
import type { ElementType, Storage } from "../graph/graph.ts";
import { allocateLeafMemory } from "./leaf-memory.ts";
import { lendMemory } from "./lent-memory.ts";
import { ONNX_TYPES } from "../graph/onnx-type.ts";
import type { OrtRuntime } from "../ort/ort-runtime.ts";
import type { Pointer } from "../ort/ort-library.ts";

/** The numbers of a tensor. Booleans are 0 or 1. */
export type Elements = Float32Array | Int32Array | Uint8Array;

/** Bytes per element. */
const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { float32: 4, int32: 4, bool: 1 };

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

/** Bytes of a tensor. */
export function byteLengthOf(shape: readonly number[], dtype: ElementType): number {
  return sizeOf(shape) * ELEMENT_BYTES[dtype];
}

/** Fresh memory in ONNX Runtime's arena, not cleared. */
export function allocateStorage(runtime: OrtRuntime, shape: readonly number[], dtype: ElementType): Storage {
  const { library, allocator } = runtime;
  const dimensions = int64(shape);
  const handle = library.create("CreateTensorAsOrtValue", allocator, dimensions, dimensions.length, ONNX_TYPES[dtype]);
  return adoptStorage(runtime, handle, sizeOf(shape), dtype);
}

/**
 * A copy of `values`, so that the caller may change them before anything is computed. It lies outside of the arena:
 * what is written lives as long as a model, and would leave holes among the short-lived results. Zeros take no memory
 * before something else is written there.
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
      `${values.length} values were written to a tensor of shape [${shape.join()}]. Give as many as its shape holds.`,
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
  const { held } = runtime;
  held.leaves += byteLength;
  const storage = wrapStorage(runtime, view, shape, dtype, () => {
    held.leaves -= byteLength;
    free();
  });
  if (isZero(values)) return storage;
  // ONNX Runtime expects nothing but 0 and 1 in booleans.
  view.set(dtype === "bool" ? Uint8Array.from(values, (value) => (value === 0 ? 0 : 1)) : values);
  return storage;
}

function isZero(values: ArrayLike<number>): boolean {
  // -0 is another number.
  for (let index = 0; index < values.length; index++) if (!Object.is(values[index], 0)) return false;
  return true;
}

/** A tensor's memory that JavaScript writes in place. */
export interface LentStorage {
  readonly storage: Storage;
  /** Lets the system get the memory ready on another thread. */
  prepare(): void;
}

/** Memory for float32 tensors of these shapes, outside of the arena; zeros, which take no memory before they are written. */
export function lendStorage(runtime: OrtRuntime, shapes: readonly (readonly number[])[]): readonly LentStorage[] {
  const { held, library } = runtime;
  const byteLengths = shapes.map((shape) => byteLengthOf(shape, "float32"));
  return lendMemory(library, byteLengths).map(({ buffer, byteOffset, prepare, free }, index) => {
    const [shape = [], byteLength = 0] = [shapes[index], byteLengths[index]];
    held.leaves += byteLength;
    const values = elements(buffer, byteOffset, sizeOf(shape), "float32");
    const storage = wrapStorage(runtime, values, shape, "float32", () => {
      held.leaves -= byteLength;
      free();
    });
    return { storage, prepare };
  });
}

/** Wraps an OrtValue that ONNX Runtime made; releasing the storage gives it back to the arena. */
export function adoptStorage(
  { library, held }: OrtRuntime,
  handle: Pointer,
  size: number,
  dtype: ElementType,
): Storage {
  const byteLength = size * ELEMENT_BYTES[dtype];
  held.results += byteLength;
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
    () => {
      held.results -= byteLength;
      library.release.ReleaseValue(handle);
    },
  );
}

/** Wraps an OrtValue in a device's memory. */
export function deviceStorage(
  { library, held }: OrtRuntime,
  handle: Pointer,
  size: number,
  dtype: ElementType,
): Storage {
  const byteLength = size * ELEMENT_BYTES[dtype];
  held.results += byteLength;
  return {
    handle,
    byteLength,
    onDevice: true,
    view() {
      throw new Error("memory of a device was read as if it were JavaScript's");
    },
    release() {
      held.results -= byteLength;
      library.release.ReleaseValue(handle);
    },
  };
}

/** Lets ONNX Runtime read and write `data` in place. `data` stays alive as long as the storage does. */
export function wrapStorage(
  { library, memoryInfo }: OrtRuntime,
  data: Elements,
  shape: readonly number[],
  dtype: ElementType,
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

/** The same memory as another value's; `released` is called instead of giving the memory back. */
export function borrowStorage({ storage }: { readonly storage: Storage | undefined }, released: () => void): Storage {
  if (storage === undefined) throw new Error("only what has been computed can be shared");
  const { handle, byteLength, onDevice, readOnly = false } = storage;
  return { handle, byteLength, onDevice, readOnly, view: () => storage.view(), release: released };
}

/** A typed array of `dtype` over part of a buffer. */
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

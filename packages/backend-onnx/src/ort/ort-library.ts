import koffi, { type LibraryHandle } from "koffi";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BackendError } from "../backend-error.ts";
import { pinLibrary } from "./pin-library.ts";
import {
  API_VERSION,
  CREATE_STATUS,
  GET_ERROR_MESSAGE,
  RELEASE_FUNCTIONS,
  RELEASE_STATUS,
  STATUS_FUNCTIONS,
  type ReleaseFunction,
  type StatusFunction,
} from "./ort-functions.ts";

/** A native address. Every ONNX Runtime object is represented by its address. */
export type Pointer = bigint;

/**
 * An argument of a native function. A typed array is passed by address, and must exist as long as the address is used.
 */
type NativeArgument = Pointer | number | string | ArrayBufferView | null;

/** ONNX Runtime's C API. Every function throws {@link BackendError} "runtime" with ONNX Runtime's message. */
export interface OrtLibrary {
  readonly version: string;
  /** Path of the library. The libraries of execution providers are in the same folder. */
  readonly file: string;
  /** A reference that keeps the library loaded. koffi unloads a library when its handle is garbage-collected. */
  readonly handle: object;
  /** Functions that return a status. */
  readonly call: Readonly<Record<StatusFunction, (...values: readonly NativeArgument[]) => void>>;
  /**
   * Calls a function that returns a status and whose last parameter is an out pointer. Returns the pointer written
   * there.
   */
  create(name: StatusFunction, ...values: readonly NativeArgument[]): Pointer;
  readonly release: Readonly<Record<ReleaseFunction, (object: Pointer) => void>>;
  /** Returns a new `OrtStatus` with a code of OrtErrorCode; whoever receives it releases it. */
  newStatus(code: number, message: string): Pointer;
  /** Returns the int32 at a native address. */
  int32At(address: Pointer): number;
  /** Returns a view of native memory without a copy. The view must not be used after the memory is released. */
  view(address: Pointer, byteLength: number): ArrayBuffer;
}

const PACKAGE = "onnxruntime-node";

/** Loads the library in the npm package onnxruntime-node. Throws {@link BackendError} "library". */
export function loadOrtLibrary(): OrtLibrary {
  const { file, handle, table, version } = loadTable();
  const errorMessage = nativeFunction(table, GET_ERROR_MESSAGE, "str", ["void*"]);
  const releaseStatus = nativeFunction(table, RELEASE_STATUS, "void", ["void*"]);

  const newStatus = nativeFunction(table, CREATE_STATUS, "void*", ["int", "str"]);

  const checked = (name: string, index: number, parameters: readonly string[]) => {
    const native = nativeFunction(table, index, "void*", parameters);
    return (...values: readonly NativeArgument[]): void => {
      const status: Pointer | null = native(...values);
      if (status === null) return;
      const message: string = errorMessage(status);
      releaseStatus(status);
      throw new BackendError("runtime", `ONNX Runtime's ${name} failed: ${message}`);
    };
  };
  const call = mapValues(STATUS_FUNCTIONS, (name, [index, parameters]) => checked(name, index, parameters));
  const release = mapValues(RELEASE_FUNCTIONS, (_name, index) => nativeFunction(table, index, "void", ["void*"]));
  const created = new BigUint64Array(1);
  return {
    version,
    file,
    handle,
    call,
    release,
    create(name, ...values) {
      call[name](...values, created);
      return created[0] ?? 0n;
    },
    newStatus,
    int32At: (address) => koffi.decode(address, "int32_t"),
    view: (address, byteLength) => koffi.view(address, byteLength),
  };
}

interface LoadedTable {
  readonly file: string;
  readonly handle: object;
  readonly table: Pointer;
  readonly version: string;
}

function loadTable(): LoadedTable {
  const file = libraryFile();
  let handle: LibraryHandle;
  let base: Pointer;
  try {
    handle = koffi.load(file);
    base = handle.func("void* OrtGetApiBase()")();
  } catch (cause) {
    throw new BackendError("library", `${file} cannot be loaded. Install ${PACKAGE} again for this platform.`, {
      cause,
    });
  }
  pinLibrary(file);
  // OrtApiBase is { GetApi(version), GetVersionString() }.
  const getApi = nativeFunction(base, 0, "void*", ["uint32_t"]);
  const version: string = nativeFunction(base, 1, "str", [])();
  const table: Pointer | null = getApi(API_VERSION);
  if (table === null) {
    throw new BackendError(
      "library",
      `${file} is ONNX Runtime ${version}, which lacks version ${API_VERSION} of its C API. Install ${PACKAGE}@1.30.0.`,
    );
  }
  return { file, handle, table, version };
}

/** Returns the path of the library in the folder `bin/napi-v6` of onnxruntime-node 1.30.0. */
function libraryFile(): string {
  const names: Readonly<Record<string, string>> = {
    "linux-x64": "libonnxruntime.so.1",
    "linux-arm64": "libonnxruntime.so.1",
    "darwin-arm64": "libonnxruntime.1.dylib",
    "win32-x64": "onnxruntime.dll",
    "win32-arm64": "onnxruntime.dll",
  };
  const platform = `${process.platform}-${process.arch}`;
  const name = names[platform];
  if (name === undefined) {
    const known = Object.keys(names).join(", ");
    throw new BackendError(
      "library",
      `${PACKAGE} has no library for ${platform}, only for ${known}. Use tfjs's "cpu" backend on this platform.`,
    );
  }
  const file = join(packageFolder(), "bin", "napi-v6", process.platform, process.arch, name);
  if (!existsSync(file)) {
    throw new BackendError(
      "library",
      `${file} does not exist. Install ${PACKAGE}@1.30.0 (its install script is not needed).`,
    );
  }
  return file;
}

function packageFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`));
  } catch (cause) {
    throw new BackendError(
      "library",
      `the npm package ${PACKAGE} is not installed. Run: npm install ${PACKAGE}@1.30.0`,
      { cause },
    );
  }
}

function nativeFunction(table: Pointer, index: number, result: string, parameters: readonly string[]): NativeFunction {
  const address: Pointer = koffi.decode(table, index * koffi.sizeof("void*"), "void*");
  return koffi.decode(address, koffi.proto(result, [...parameters]));
}

// The result type of a function that koffi decodes depends on the prototype string.
// oxlint-disable-next-line typescript/no-explicit-any
type NativeFunction = (...values: readonly NativeArgument[]) => any;

function mapValues<Key extends string, In, Out>(
  record: Readonly<Record<Key, In>>,
  map: (key: Key, value: In) => Out,
): Record<Key, Out> {
  const entries = Object.entries(record) as [Key, In][];
  return Object.fromEntries(entries.map(([key, value]) => [key, map(key, value)])) as Record<Key, Out>;
}

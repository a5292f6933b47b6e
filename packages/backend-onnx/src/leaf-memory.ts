import koffi from "koffi";
import { BackendError } from "./backend-error.ts";
import type { Pointer } from "./ort-library.ts";

/** Memory outside of ONNX Runtime's arena, all zeros; it goes back to the system when it is freed. */
export interface Allocation {
  /** A multiple of a cache line. */
  readonly address: Pointer;
  free(): void;
}

const CACHE_LINE = 64;
/** From here on memory comes in pages from the system: malloc would keep what is freed, and so double a model. */
const WHOLE_PAGES = 2 ** 20;

/** `byteLength` bytes, at least one. */
export function allocateLeafMemory(byteLength: number): Allocation {
  const map = byteLength < WHOLE_PAGES ? undefined : pageMapper();
  return map === undefined ? fromHeap(byteLength) : map(byteLength);
}

function fromHeap(byteLength: number): Allocation {
  const size = byteLength + CACHE_LINE;
  const block: object = koffi.alloc("uint8_t", size);
  const start = koffi.address(block);
  new Uint8Array(koffi.view(start, size)).fill(0);
  const line = BigInt(CACHE_LINE);
  return { address: ((start + line - 1n) / line) * line, free: () => koffi.free(block) };
}

type Map = (byteLength: number) => Allocation;

let mapper: { readonly map: Map | undefined } | undefined;

/** By mmap where there is one; Windows' heap already gives large blocks back. */
function pageMapper(): Map | undefined {
  mapper ??= { map: process.platform === "win32" ? undefined : posixMapper() };
  return mapper.map;
}

function posixMapper(): Map {
  const darwin = process.platform === "darwin";
  const library = koffi.load(darwin ? "libSystem.dylib" : "libc.so.6");
  const mmap = library.func("void* mmap(void*, size_t, int, int, int, int64_t)");
  const munmap = library.func("int munmap(void*, size_t)");
  const readAndWrite = 3;
  const privateAndAnonymous = darwin ? 0x1002 : 0x22;
  return (byteLength) => {
    const address: Pointer = mmap(null, byteLength, readAndWrite, privateAndAnonymous, -1, 0);
    // MAP_FAILED is -1.
    if (BigInt.asIntN(64, address) === -1n) throw outOfMemory(byteLength);
    return { address, free: () => munmap(address, byteLength) };
  };
}

function outOfMemory(byteLength: number): BackendError {
  return new BackendError(
    "runtime",
    `the system gives no ${byteLength} bytes for a tensor. Dispose tensors that are not needed, or use smaller ones.`,
  );
}

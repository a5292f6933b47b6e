import koffi from "koffi";
import type { Pointer } from "../ort/ort-library.ts";
import type { Allocation } from "./leaf-memory.ts";

/** A part of an open file; its end must not lie beyond the file's. */
export interface FileRange {
  /** File descriptor; it may be closed once the memory is mapped. */
  readonly descriptor: number;
  readonly byteOffset: number;
  /** At least 1. */
  readonly byteLength: number;
}

type MapFile = (range: FileRange) => Allocation;

/** A multiple of every page size in use: 4, 16 and 64 KiB. */
const PAGES = 65_536;

let mapper: { readonly map: MapFile | undefined } | undefined;

/**
 * How to read files through shared read-only pages: they belong to the system's cache, which gives them to all
 * processes and takes them back when it needs to. Writing there ends the process. Undefined on Windows.
 */
export function fileMapper(): MapFile | undefined {
  mapper ??= { map: process.platform === "win32" ? undefined : posixMapper() };
  return mapper.map;
}

function posixMapper(): MapFile {
  const library = koffi.load(process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6");
  const mmap = library.func("void* mmap(void*, size_t, int, int, int, int64_t)");
  const munmap = library.func("int munmap(void*, size_t)");
  const readOnly = 1;
  const shared = 1;
  return ({ descriptor, byteOffset, byteLength }) => {
    // Mappings begin at pages.
    const before = byteOffset % PAGES;
    const start: Pointer = mmap(null, byteLength + before, readOnly, shared, descriptor, byteOffset - before);
    // MAP_FAILED is -1.
    if (BigInt.asIntN(64, start) === -1n)
      throw new RangeError(`the system does not map ${byteLength} bytes of the file`);
    return { address: start + BigInt(before), free: () => munmap(start, byteLength + before) };
  };
}

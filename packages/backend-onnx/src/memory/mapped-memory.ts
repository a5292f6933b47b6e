import koffi from "koffi";
import type { Pointer } from "../ort/ort-library.ts";
import type { Allocation } from "./leaf-memory.ts";

/** Part of an open file. It must not extend beyond the end of the file. */
export interface FileRange {
  /** File descriptor. It may be closed once the memory is mapped. */
  readonly descriptor: number;
  readonly byteOffset: number;
  /** Number of bytes, at least 1. */
  readonly byteLength: number;
}

type MapFile = (range: FileRange) => MappedRange;

interface MappedRange extends Allocation {
  /** Removes the pages from the process. They stay in the system's cache and are mapped again at the next use. */
  drop(): void;
}

/** A multiple of every page size in use: 4, 16 and 64 KiB. */
const PAGES = 65_536;

let mapper: { readonly map: MapFile | undefined } | undefined;

/**
 * Returns a function that maps files as shared read-only pages of the system's page cache. All processes share the
 * pages, and the system reclaims them when it needs memory. Writing to them crashes the process. Undefined on Windows.
 */
export function fileMapper(): MapFile | undefined {
  mapper ??= { map: process.platform === "win32" ? undefined : posixMapper() };
  return mapper.map;
}

function posixMapper(): MapFile {
  const library = koffi.load(process.platform === "darwin" ? "libSystem.dylib" : "libc.so.6");
  const mmap = library.func("void* mmap(void*, size_t, int, int, int, int64_t)");
  const munmap = library.func("int munmap(void*, size_t)");
  const madvise = library.func("int madvise(void*, size_t, int)");
  // MADV_DONTNEED. It loses no data in a shared mapping of a file.
  const notNeeded = 4;
  const readOnly = 1;
  const shared = 1;
  return ({ descriptor, byteOffset, byteLength }) => {
    // Mappings start at page boundaries.
    const before = byteOffset % PAGES;
    const start: Pointer = mmap(null, byteLength + before, readOnly, shared, descriptor, byteOffset - before);
    // MAP_FAILED is -1.
    if (BigInt.asIntN(64, start) === -1n) throw new RangeError(`the system cannot map ${byteLength} bytes of the file`);
    return {
      address: start + BigInt(before),
      drop: () => void madvise(start, byteLength + before, notNeeded),
      free: () => void munmap(start, byteLength + before),
    };
  };
}

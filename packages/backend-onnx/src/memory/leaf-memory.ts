import koffi from "koffi";
import { BackendError } from "../backend-error.ts";
import type { Pointer } from "../ort/ort-library.ts";

/** Zeroed memory outside ONNX Runtime's arena. Freeing returns it to the system. */
export interface Allocation {
  /** The address, aligned to a cache line. */
  readonly address: Pointer;
  free(): void;
}

const CACHE_LINE = 64;
/**
 * Minimum number of bytes of memory that is mapped from the system. malloc would keep freed blocks and double a model's
 * memory.
 */
const WHOLE_PAGES = 2 ** 20;

/** Allocates `byteLength` bytes, at least one. */
export function allocateLeafMemory(byteLength: number): Allocation {
  const memory = byteLength < WHOLE_PAGES ? undefined : pageMemory();
  if (!memory) return fromHeap(byteLength);
  const address = memory.map(byteLength);
  return { address, free: () => memory.unmap(address, byteLength) };
}

function fromHeap(byteLength: number): Allocation {
  const size = byteLength + CACHE_LINE;
  const block: object = koffi.alloc("uint8_t", size);
  const start = koffi.address(block);
  new Uint8Array(koffi.view(start, size)).fill(0);
  const line = BigInt(CACHE_LINE);
  return { address: ((start + line - 1n) / line) * line, free: () => koffi.free(block) };
}

/** Allocates whole pages of memory from the system. */
interface PageMemory {
  /** Maps `byteLength` bytes of zeros. A page of them takes no memory until it is written or populated. */
  map(byteLength: number): Pointer;
  /** Unmaps a mapping, or the part of it that starts at a page boundary. */
  unmap(address: Pointer, byteLength: number): void;
  /** Allocates pages on a different thread, if the system supports it, without waiting. */
  populate(address: Pointer, byteLength: number): void;
}

let pages: { readonly memory: PageMemory | undefined } | undefined;

/**
 * Returns functions that map memory with mmap; undefined on Windows, whose heap already returns large blocks to the
 * system.
 */
export function pageMemory(): PageMemory | undefined {
  pages ??= { memory: process.platform === "win32" ? undefined : posixMemory() };
  return pages.memory;
}

function posixMemory(): PageMemory {
  const darwin = process.platform === "darwin";
  const library = koffi.load(darwin ? "libSystem.dylib" : "libc.so.6");
  const mmap = library.func("void* mmap(void*, size_t, int, int, int, int64_t)");
  const munmap = library.func("int munmap(void*, size_t)");
  const madvise = darwin ? undefined : library.func("int madvise(void*, size_t, int)");
  const readAndWrite = 3;
  const privateAndAnonymous = darwin ? 0x1002 : 0x22;
  // MADV_POPULATE_WRITE, since Linux 5.14. Older kernels reject it, and pages are allocated when they are written.
  const populateForWriting = 23;
  return {
    map(byteLength) {
      const address: Pointer = mmap(null, byteLength, readAndWrite, privateAndAnonymous, -1, 0);
      // MAP_FAILED is -1.
      if (BigInt.asIntN(64, address) === -1n) throw outOfMemory(byteLength);
      return address;
    },
    unmap: (address, byteLength) => void munmap(address, byteLength),
    // If the memory has been unmapped in the meantime, the call fails without harm.
    populate: (address, byteLength) => void madvise?.async(address, byteLength, populateForWriting, () => {}),
  };
}

function outOfMemory(byteLength: number): BackendError {
  return new BackendError(
    "runtime",
    `the system cannot allocate ${byteLength} bytes for a tensor. Dispose tensors that are not needed, or use smaller ones.`,
  );
}

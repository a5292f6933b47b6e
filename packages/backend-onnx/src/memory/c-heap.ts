import koffi from "koffi";

/** Functions of glibc's heap. */
interface CHeap {
  /** Releases free pages, except `keep` bytes at the end of the heap. */
  trim(keep: number): number;
  setOption(option: number, value: number): number;
}

let glibc: { readonly heap: CHeap | undefined } | undefined;

/** Returns glibc's functions; undefined elsewhere, because other C libraries release pages by themselves. */
function cHeap(): CHeap | undefined {
  glibc ??= { heap: openGlibc() };
  return glibc.heap;
}

function openGlibc(): CHeap | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const library = koffi.load("libc.so.6");
    return {
      trim: library.func("int malloc_trim(size_t)"),
      setOption: library.func("int mallopt(int, int)"),
    };
  } catch {
    return undefined;
  }
}

/** Returns the heap's free pages to the system. */
export function trimHeap(): void {
  cHeap()?.trim(0);
}

const MMAP_THRESHOLD = -3;
/** Minimum number of bytes of a block that is mapped from the system, and returned to it as soon as it is freed. */
const LARGE_BLOCK = 2 ** 20;

/**
 * Lets the heap return freed large blocks to the system at once. By default, glibc raises the size of such blocks up to
 * 32 MB as soon as one has been freed, and then keeps the memory of graphs that ONNX Runtime's arena has given back.
 */
export function returnLargeBlocks(): void {
  cHeap()?.setOption(MMAP_THRESHOLD, LARGE_BLOCK);
}

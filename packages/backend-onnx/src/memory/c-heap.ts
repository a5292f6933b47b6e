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

const [TRIM_THRESHOLD, MMAP_THRESHOLD] = [-1, -3];
/** Minimum number of bytes of a block that is mapped from the system, and returned to it as soon as it is freed. */
const LARGE_BLOCK = 2 ** 20;
/** Number of free bytes at the end of the heap beyond which they are returned to the system. */
const FREE_AT_END = 2 ** 24;

/**
 * Lets the heap return freed large blocks to the system at once. By default, glibc raises the size of such blocks up to
 * 32 MB as soon as one has been freed, and then keeps the memory of graphs that ONNX Runtime's arena has given back. It
 * raises the number of bytes that stay at the end of the heap too, but no longer once the size is set: with its 128 KB,
 * small blocks would be requested from the system again and again. Settings that the user has made in the environment
 * are not changed.
 */
export function returnLargeBlocks(environment: NodeJS.ProcessEnv = process.env): void {
  const isSet = (variable: string, tunable: string): boolean =>
    environment[variable] !== undefined || (environment["GLIBC_TUNABLES"] ?? "").includes(`glibc.malloc.${tunable}=`);
  const heap = cHeap();
  if (!isSet("MALLOC_MMAP_THRESHOLD_", "mmap_threshold")) heap?.setOption(MMAP_THRESHOLD, LARGE_BLOCK);
  if (!isSet("MALLOC_TRIM_THRESHOLD_", "trim_threshold")) heap?.setOption(TRIM_THRESHOLD, FREE_AT_END);
}

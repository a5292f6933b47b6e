import { readFileSync } from "node:fs";
import koffi, { type LibraryHandle } from "koffi";

let madvise: ReturnType<LibraryHandle["func"]> | undefined;
/** MADV_DONTNEED. It loses no data in a mapping that nothing has written to. */
const NOT_NEEDED = 4;

/**
 * Removes what ONNX Runtime has mapped at a place in a file from the memory of the process, which reads it again at its
 * next use. `path` is the real path. ONNX Runtime maps files privately, and this project maps them shared. Nothing
 * happens on systems other than Linux.
 */
export function dropPrivatePages(path: string, byteOffset: number): void {
  if (process.platform !== "linux") return;
  const maps = readFileSync("/proc/self/maps", "latin1");
  for (const [, from, to, offset, file] of maps.matchAll(
    /^([0-9a-f]+)-([0-9a-f]+) ...p ([0-9a-f]+) \S+ \d+ +(.+)$/gm,
  )) {
    if (file !== path) continue;
    const [start, first] = [BigInt(`0x${from}`), Number(`0x${offset}`)];
    const byteLength = Number(BigInt(`0x${to}`) - start);
    if (byteOffset < first || byteOffset >= first + byteLength) continue;
    madvise ??= koffi.load("libc.so.6").func("int madvise(void*, size_t, int)");
    madvise(start, byteLength, NOT_NEEDED);
  }
}

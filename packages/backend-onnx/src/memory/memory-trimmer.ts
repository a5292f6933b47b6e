import type { OrtLibrary, Pointer } from "../ort/ort-library.ts";
import type { Program } from "../recording/program.ts";
import { trimHeap } from "./c-heap.ts";
import { byteLengthOf } from "./storage.ts";

/** Returns the memory of earlier graphs to the system. */
export interface MemoryTrimmer {
  /** Must be called after a program is compiled. Returns the run options for its first run, if it needs any. */
  compiled(program: Program): Pointer | undefined;
  dispose(): void;
}

/** Bytes of tensors in new graphs after which the arena releases unused memory. */
const BYTES_BETWEEN_SHRINKING = 2 ** 28;
/** Number of compiled graphs after which the C library's heap releases its free pages. */
const GRAPHS_BETWEEN_TRIMMING = 256;

/**
 * Creates a trimmer. ONNX Runtime's arena reuses memory for tensors of the same size or smaller, and never releases any
 * by itself: a tensor that grows with every step leaves blocks of all its earlier sizes, e.g. 6 GB while 4 MB are in
 * use. Sessions fragment the heap. Only new graphs bring new sizes, so only new graphs are counted.
 */
export function memoryTrimmer(library: OrtLibrary): MemoryTrimmer {
  const shrinking = library.create("CreateRunOptions");
  library.call.AddRunConfigEntry(shrinking, "memory.enable_memory_arena_shrinkage", "cpu:0");
  let bytes = 0;
  let graphs = 0;
  let shrunk = false;
  return {
    compiled({ nodes }) {
      // The arena has returned its memory to the heap by now.
      if (shrunk || ++graphs % GRAPHS_BETWEEN_TRIMMING === 0) trimHeap();
      shrunk = false;
      for (const { outputs } of nodes) for (const { shape, dtype } of outputs) bytes += byteLengthOf(shape, dtype);
      if (bytes < BYTES_BETWEEN_SHRINKING) return undefined;
      bytes = 0;
      shrunk = true;
      return shrinking;
    },
    dispose: () => library.release.ReleaseRunOptions(shrinking),
  };
}

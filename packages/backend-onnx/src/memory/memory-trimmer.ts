import type { OrtRuntime } from "../ort/ort-runtime.ts";
import type { Program } from "../recording/program.ts";
import { trimHeap } from "./c-heap.ts";
import { byteLengthOf } from "./storage.ts";

/** Returns the memory of earlier graphs to the system. */
export interface MemoryTrimmer {
  /** Calls `run`, which must run a newly compiled program for the first time. */
  firstRun(program: Program, run: () => void): void;
}

/** Bytes of tensors in new graphs after which the arena releases unused memory. */
const BYTES_BETWEEN_SHRINKING = 2 ** 28;
/** Number of compiled graphs after which the C library's heap releases its free pages. */
const GRAPHS_BETWEEN_TRIMMING = 256;

/**
 * Creates a trimmer. ONNX Runtime's arena reuses memory for tensors of the same size or smaller, and never releases any
 * by itself: a tensor that grows with every step leaves blocks of all its earlier sizes, e.g. 6 GB while 4 MB are in
 * use. Sessions fragment the heap. Only new graphs bring new sizes, so only new graphs are counted. The arena releases
 * memory before a large graph, whose tensors are often larger than those of earlier graphs, and after it.
 */
export function memoryTrimmer({ shrinkArena }: Pick<OrtRuntime, "shrinkArena">): MemoryTrimmer {
  let bytes = 0;
  let graphs = 0;
  return {
    firstRun({ nodes }, run) {
      for (const { outputs } of nodes) for (const { shape, dtype } of outputs) bytes += byteLengthOf(shape, dtype);
      const shrinks = bytes >= BYTES_BETWEEN_SHRINKING;
      if (shrinks) {
        bytes = 0;
        shrinkArena();
      }
      run();
      if (shrinks) shrinkArena();
      if (++graphs % GRAPHS_BETWEEN_TRIMMING === 0 || shrinks) trimHeap();
    },
  };
}

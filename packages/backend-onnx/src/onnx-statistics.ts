import type { SessionStatistics } from "./sessions/session-runner.ts";

/** The work of the backend in this process, and its current memory. Times are in milliseconds. */
export interface OnnxStatistics extends SessionStatistics {
  /** Bytes of tensors from JavaScript: weights, inputs. Zeros take no memory until they are overwritten. */
  readonly leafBytes: number;
  /** Bytes of computed tensors in ONNX Runtime's arena. The arena keeps the memory of disposed tensors for reuse. */
  readonly resultBytes: number;
  /** Bytes of tensors mapped from files. */
  readonly mappedBytes: number;
  /** Bytes of parameters that optimizers update in place, their gradients and the optimizer states. */
  readonly slotBytes: number;
}

/** The statistics before the first use of the backend. */
export const NO_STATISTICS: OnnxStatistics = {
  compiled: 0,
  compileMilliseconds: 0,
  cached: 0,
  evicted: 0,
  sessionBytes: 0,
  runs: 0,
  runMilliseconds: 0,
  leafBytes: 0,
  resultBytes: 0,
  mappedBytes: 0,
  slotBytes: 0,
};

import type { SessionStatistics } from "./sessions/session-runner.ts";

/** What the backend has done so far in this process, and what it holds now. Times are milliseconds. */
export interface OnnxStatistics extends SessionStatistics {
  /** Bytes of tensors that were written: weights, inputs. Zeros take memory only once they are overwritten. */
  readonly leafBytes: number;
  /** Bytes of computed tensors that are still held, in ONNX Runtime's arena. What is given back stays there for reuse. */
  readonly resultBytes: number;
  /** Bytes of tensors that are mapped from files. */
  readonly mappedBytes: number;
  /** Bytes of parameters that optimizers update in place, of their gradients and of the optimizers' states. */
  readonly slotBytes: number;
}

/** Those of a backend that was not used yet. */
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

import type { DeviceMemoryStatistics } from "./device/device-memory.ts";
import type { Precision } from "./device/tensor-table.ts";

/** What the backend "tensorflow" has done so far in this process, and what it holds. */
export interface TensorFlowStatistics extends DeviceMemoryStatistics {
  /** Ops that were given to TensorFlow. */
  readonly dispatches: number;
  /** TensorFlow's version. */
  readonly version: string;
  /** The device on which tensors lie, in TensorFlow's words. */
  readonly device: string;
  readonly precision: Precision;
}

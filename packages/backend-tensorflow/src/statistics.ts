import type { DeviceMemoryStatistics } from "./device/device-memory.ts";
import type { Precision } from "./device/tensor-table.ts";

/** The work of the backend "tensorflow" in this process, and its current memory. */
export interface TensorFlowStatistics extends DeviceMemoryStatistics {
  /** Number of ops dispatched to TensorFlow. */
  readonly dispatches: number;
  /** TensorFlow's version. */
  readonly version: string;
  /** TensorFlow's name for the device that holds the tensors. */
  readonly device: string;
  readonly precision: Precision;
}

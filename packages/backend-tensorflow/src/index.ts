export type { Precision } from "./device/tensor-table.ts";
export type { TensorFlowOptions } from "./options.ts";
export {
  registerTensorFlowBackend,
  resetTensorFlowPeak,
  tensorFlowStatistics,
  useTensorFlowBackend,
} from "./register.ts";
export type { TensorFlowStatistics } from "./statistics.ts";

export { BackendError } from "./backend-error.ts";
export type { BackendErrorCode } from "./backend-error.ts";
export { mappedTensor } from "./mapped-tensor.ts";
export type { MappedTensorOptions } from "./mapped-tensor.ts";
export type { OnnxBackendOptions } from "./options.ts";
export type { OptimizationLevel } from "./ort-runtime.ts";
export type { OnnxStatistics } from "./onnx-statistics.ts";
export { onnxStatistics, registerOnnxBackend, useOnnxBackend } from "./register.ts";

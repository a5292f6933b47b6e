export { BackendError } from "./backend-error.ts";
export type { BackendErrorCode } from "./backend-error.ts";
export { explain } from "./explain/explain.ts";
export type { ExplainOptions } from "./explain/explain.ts";
export type { CallTime, Explanation, NodeTime, OperationTime, OperatorTypeTime } from "./explain/explanation.ts";
export type { OnnxBackendOptions } from "./options.ts";
export type { OptimizationLevel } from "./ort-runtime.ts";
export { onnxStatistics, registerOnnxBackend, useOnnxBackend } from "./register.ts";
export type { OnnxStatistics } from "./session-runner.ts";

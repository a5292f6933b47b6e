export { BackendError } from "./backend-error.ts";
export type { BackendErrorCode } from "./backend-error.ts";
export { compiled } from "./compiled/compiled.ts";
export type { CompiledFunction, CompiledOptions } from "./compiled/compiled.ts";
export type { Nest } from "./compiled/nest.ts";
export type { OnnxBackendOptions } from "./options.ts";
export type { OptimizationLevel } from "./ort-runtime.ts";
export { onnxStatistics, registerOnnxBackend, useOnnxBackend } from "./register.ts";
export type { OnnxStatistics } from "./session-runner.ts";

/** Functions that return a status: null, or an object with an error message. */
export type StatusFunction =
  | "CreateSessionFromArray"
  | "Run"
  | "CreateSessionOptions"
  | "DisableMemPattern"
  | "EnableProfiling"
  | "SetSessionLogSeverityLevel"
  | "SetSessionGraphOptimizationLevel"
  | "CreateTensorAsOrtValue"
  | "CreateTensorWithDataAsOrtValue"
  | "GetTensorMutableData"
  | "GetTensorTypeAndShape"
  | "GetTensorElementType"
  | "GetTensorShapeElementCount"
  | "CreateMemoryInfo"
  | "CreateCpuMemoryInfo"
  | "CreateEnvWithGlobalThreadPools"
  | "DisablePerSessionThreads"
  | "CreateThreadingOptions"
  | "AddSessionConfigEntry"
  | "CreateAllocator"
  | "CreateAndRegisterAllocator"
  | "SetGlobalIntraOpNumThreads"
  | "SetGlobalInterOpNumThreads"
  | "SetGlobalDenormalAsZero"
  | "CreateArenaCfg"
  | "CreateRunOptions"
  | "AddRunConfigEntry"
  | "AddExternalInitializers"
  | "CreateCustomOpDomain"
  | "CustomOpDomain_Add"
  | "AddCustomOpDomain"
  | "KernelContext_GetInput"
  | "KernelContext_GetOutput"
  | "GetTensorSizeInBytes"
  | "SessionOptionsAppendExecutionProvider_CUDA_V2"
  | "CreateCUDAProviderOptions"
  | "UpdateCUDAProviderOptions"
  | "SessionOptionsAppendExecutionProvider";
export type ReleaseFunction =
  | "ReleaseSession"
  | "ReleaseValue"
  | "ReleaseSessionOptions"
  | "ReleaseTensorTypeAndShapeInfo"
  | "ReleaseThreadingOptions"
  | "ReleaseMemoryInfo"
  | "ReleaseAllocator"
  | "ReleaseArenaCfg"
  | "ReleaseCUDAProviderOptions";

/** The version of `OrtApi` for the indices below. Newer versions only append to the table. */
export const API_VERSION: number = 29;

/** Indices into OrtApi, and C types of the parameters (onnxruntime_c_api.h). */
export const STATUS_FUNCTIONS: Readonly<Record<StatusFunction, readonly [number, readonly string[]]>> = {
  CreateCustomOpDomain: [26, ["str", "void*"]],
  CustomOpDomain_Add: [27, ["void*", "void*"]],
  AddCustomOpDomain: [28, ["void*", "void*"]],
  KernelContext_GetInput: [90, ["void*", "size_t", "void*"]],
  KernelContext_GetOutput: [91, ["void*", "size_t", "void*", "size_t", "void*"]],
  GetTensorSizeInBytes: [318, ["void*", "void*"]],
  CreateSessionFromArray: [8, ["void*", "void*", "size_t", "void*", "void*"]],
  Run: [9, ["void*", "void*", "void*", "void*", "size_t", "void*", "size_t", "void*"]],
  CreateSessionOptions: [10, ["void*"]],
  EnableProfiling: [14, ["void*", "void*"]],
  DisableMemPattern: [17, ["void*"]],
  SetSessionLogSeverityLevel: [22, ["void*", "int"]],
  SetSessionGraphOptimizationLevel: [23, ["void*", "int"]],
  CreateTensorAsOrtValue: [48, ["void*", "void*", "size_t", "int", "void*"]],
  CreateTensorWithDataAsOrtValue: [49, ["void*", "void*", "size_t", "void*", "size_t", "int", "void*"]],
  GetTensorMutableData: [51, ["void*", "void*"]],
  GetTensorElementType: [60, ["void*", "void*"]],
  GetTensorShapeElementCount: [64, ["void*", "void*"]],
  GetTensorTypeAndShape: [65, ["void*", "void*"]],
  CreateMemoryInfo: [68, ["str", "int", "int", "int", "void*"]],
  CreateCpuMemoryInfo: [69, ["int", "int", "void*"]],
  CreateEnvWithGlobalThreadPools: [119, ["int", "str", "void*", "void*"]],
  DisablePerSessionThreads: [120, ["void*"]],
  CreateThreadingOptions: [121, ["void*"]],
  AddSessionConfigEntry: [130, ["void*", "str", "str"]],
  CreateAllocator: [131, ["void*", "void*", "void*"]],
  CreateAndRegisterAllocator: [144, ["void*", "void*", "void*"]],
  SetGlobalIntraOpNumThreads: [147, ["void*", "int"]],
  SetGlobalInterOpNumThreads: [148, ["void*", "int"]],
  SetGlobalDenormalAsZero: [155, ["void*"]],
  CreateArenaCfg: [156, ["size_t", "int", "int", "int", "void*"]],
  CreateRunOptions: [39, ["void*"]],
  AddExternalInitializers: [210, ["void*", "void*", "void*", "size_t"]],
  AddRunConfigEntry: [165, ["void*", "str", "str"]],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, ["void*", "void*"]],
  CreateCUDAProviderOptions: [205, ["void*"]],
  UpdateCUDAProviderOptions: [206, ["void*", "void*", "void*", "size_t"]],
  SessionOptionsAppendExecutionProvider: [216, ["void*", "str", "void*", "void*", "size_t"]],
};

export const RELEASE_FUNCTIONS: Readonly<Record<ReleaseFunction, number>> = {
  ReleaseSession: 95,
  ReleaseTensorTypeAndShapeInfo: 99,
  ReleaseValue: 96,
  ReleaseSessionOptions: 100,
  ReleaseThreadingOptions: 122,
  ReleaseArenaCfg: 157,
  ReleaseMemoryInfo: 94,
  ReleaseAllocator: 132,
  ReleaseCUDAProviderOptions: 208,
};

export const CREATE_STATUS: number = 0;
export const GET_ERROR_MESSAGE: number = 2;
export const RELEASE_STATUS: number = 93;

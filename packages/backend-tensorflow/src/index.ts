export { tensorflow } from "./compute.ts";
export type { Precision } from "./device/tensor-table.ts";
export type { TensorFlowOptions } from "./options.ts";
export {
  loadTensorFlow,
  registerTensorFlowBackend,
  resetTensorFlowPeak,
  tensorFlowStatistics,
  useTensorFlowBackend,
} from "./register.ts";
export type { TensorFlowStatistics } from "./statistics.ts";
export type { CudaVersions } from "./install/cuda/build-info.ts";
export type { Device } from "./device/device-list.ts";
export type { Finding } from "./install/finding.ts";
export type { LibraryPlaces } from "./install/find-library.ts";
export type { InstallEnvironment } from "./install/install-environment.ts";
export type { InstallOptions } from "./install/install-options.ts";
export type { InstalledBinding } from "./install/installed-binding.ts";
export { installedBinding } from "./install/installed-binding.ts";
export type { InstallReport } from "./install/install-tensorflow.ts";
export { installTensorFlow } from "./install/install-tensorflow.ts";
export { diagnoseTensorFlow } from "./install/diagnose.ts";

/** An execution provider of ONNX Runtime. */
export type Provider = "cpu" | "webgpu" | "cuda";

export const PROVIDERS: readonly Provider[] = ["cpu", "webgpu", "cuda"];

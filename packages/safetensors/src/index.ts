export type { Dtype, Float16Dtype } from "./dtype.ts";
export { float16Table } from "./dtype.ts";
export type { SafetensorsErrorCode } from "./errors.ts";
export { SafetensorsError } from "./errors.ts";
export type { TensorEntry } from "./header.ts";
export type { SafetensorsReader } from "./reader.ts";
export { openSafetensors } from "./reader.ts";
export type { TensorToWrite } from "./writer.ts";
export { writeSafetensors } from "./writer.ts";

import type { ElementType, Storage } from "../graph/graph.ts";
import type { OnnxWriter, WrittenNode } from "../graph/onnx-writer.ts";
import type { Pointer } from "../ort/ort-library.ts";
import type { OptimizationLevel, OrtRuntime } from "../ort/ort-runtime.ts";
import type { Elements, WritableStorage } from "../memory/storage.ts";
import type { Provider } from "./provider.ts";

/** The memory of tensors and the hardware that runs graphs. Hides the differences between execution providers. */
export interface Device {
  readonly provider: Provider;
  readonly runtime: OrtRuntime;
  /**
   * Returns options for one session; the caller releases them. They must never be shared: after two WebGPU sessions
   * with the same options have ended, Dawn crashes the process.
   */
  createOptions(level: OptimizationLevel): Pointer;
  /** Returns a graph writer for this device. `written` is called for every node. */
  createWriter(written?: (node: WrittenNode) => void): OnnxWriter;
  /** Allocates memory for a result; undefined if ONNX Runtime allocates results. */
  readonly allocate: ((shape: readonly number[], dtype: ElementType) => Storage) | undefined;
  /**
   * Allocates memory for float32 tensors that JavaScript writes in place; undefined if JavaScript cannot access the
   * device's memory.
   */
  readonly allocateWritable: ((shapes: readonly (readonly number[])[]) => readonly WritableStorage[]) | undefined;
  /** Copies numbers from JavaScript to the device. */
  write(values: ArrayLike<number>, shape: readonly number[], dtype: ElementType): Storage;
  /** Copies numbers from the device to JavaScript. */
  read(storage: Storage, shape: readonly number[], dtype: ElementType): Elements;
}

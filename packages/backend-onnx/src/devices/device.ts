import type { ElementType, Storage } from "../graph/graph.ts";
import type { OnnxWriter, WrittenNode } from "../graph/onnx-writer.ts";
import type { Pointer } from "../ort/ort-library.ts";
import type { OptimizationLevel, OrtRuntime } from "../ort/ort-runtime.ts";
import type { Elements, LentStorage } from "../memory/storage.ts";
import type { Provider } from "./provider.ts";

/** Where tensors lie and graphs run. All that differs between execution providers is behind it. */
export interface Device {
  readonly provider: Provider;
  readonly runtime: OrtRuntime;
  /**
   * Options for one session that runs here; released by whoever asks for them. Never for two: of several WebGPU sessions
   * with the same options, the first two that end take Dawn with them, and the process.
   */
  createOptions(level: OptimizationLevel): Pointer;
  /** A writer of graphs for this device; `written` is told of every node. */
  createWriter(written?: (node: WrittenNode) => void): OnnxWriter;
  /** Memory for a result. Undefined where ONNX Runtime had better allocate results itself. */
  readonly allocate: ((shape: readonly number[], dtype: ElementType) => Storage) | undefined;
  /** Memory for float32 tensors that JavaScript writes in place. Undefined where it does not see the device's memory. */
  readonly lend: ((shapes: readonly (readonly number[])[]) => readonly LentStorage[]) | undefined;
  /** Copies numbers from JavaScript to the device. */
  write(values: ArrayLike<number>, shape: readonly number[], dtype: ElementType): Storage;
  /** Copies numbers from the device to JavaScript. */
  read(storage: Storage, shape: readonly number[], dtype: ElementType): Elements;
}

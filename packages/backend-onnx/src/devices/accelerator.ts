import { messageOf } from "@mlan/errors";
import { BackendError } from "../backend-error.ts";
import type { ElementType, Storage } from "../graph/graph.ts";
import { ONNX_TYPES } from "../graph/onnx-type.ts";
import type { OrtLibrary, Pointer } from "../ort/ort-library.ts";
import { createSessionOptions, type OptimizationLevel, type OrtRuntime } from "../ort/ort-runtime.ts";
import { deviceStorage, int64, sizeOf, writeStorage } from "../memory/storage.ts";
import type { Device } from "./device.ts";
import type { Provider } from "./provider.ts";
import { transfer, type Transfer } from "./transfer.ts";

/** The differences between execution providers with separate memory. */
export interface AcceleratorSettings {
  readonly provider: Exclude<Provider, "cpu">;
  /** ONNX Runtime's name for the provider's memory. */
  readonly memoryName: string;
  /** Adds the provider to session options. */
  append(library: OrtLibrary, options: Pointer): void;
  /** The remedy in the error for a provider that does not start. */
  readonly remedy: string;
  readonly createWriter: Device["createWriter"];
}

/**
 * A tensor from JavaScript with at most this many elements (a learning rate, a few ids) is not copied to the device on
 * its own.
 */
const SMALL = 256;
const DEVICE_ALLOCATOR = 0;
const FIRST_DEVICE = 0;
const MEMORY_TYPE_DEFAULT = 0;

/**
 * Returns a device with separate memory. Tensors are copied only when JavaScript writes or reads them. Throws {@link
 * BackendError} "library" if the provider does not start.
 */
export function accelerator(runtime: OrtRuntime, settings: AcceleratorSettings): Device {
  const { library } = runtime;
  const createOptions = (level: OptimizationLevel): Pointer => {
    const options = createSessionOptions(library, level);
    try {
      settings.append(library, options);
      return options;
    } catch (error) {
      library.release.ReleaseSessionOptions(options);
      throw error;
    }
  };
  const { transfers, allocator } = start(runtime, settings, createOptions);
  const allocate = (shape: readonly number[], dtype: ElementType): Storage => {
    const dimensions = int64(shape);
    const type = ONNX_TYPES[dtype];
    const handle = library.create("CreateTensorAsOrtValue", allocator, dimensions, dimensions.length, type);
    return deviceStorage(runtime, handle, sizeOf(shape), dtype);
  };
  return {
    provider: settings.provider,
    runtime,
    createOptions,
    createWriter: settings.createWriter,
    allocate,
    allocateWritable: undefined,
    write(values, shape, dtype) {
      // ONNX Runtime copies it in every run that reads it, together with all other small tensors.
      if (sizeOf(shape) <= SMALL) return writeStorage(runtime, values, shape, dtype);
      const target = allocate(shape, dtype);
      try {
        transfers.toDevice(values, shape, dtype, target);
        return target;
      } catch (error) {
        target.release();
        throw error;
      }
    },
    read: (storage, shape, dtype) =>
      storage.onDevice ? transfers.fromDevice(storage, shape, dtype) : storage.view().slice(),
  };
}

/** Opens the first sessions on the device. They stay open, because they own the device's memory. */
function start(
  runtime: OrtRuntime,
  { provider, memoryName, remedy }: AcceleratorSettings,
  createOptions: (level: OptimizationLevel) => Pointer,
): { readonly transfers: Transfer; readonly allocator: Pointer } {
  const { library } = runtime;
  try {
    const transfers = transfer(runtime, () => createOptions("none"));
    return { transfers, allocator: openAllocator(library, transfers.session, memoryName) };
  } catch (cause) {
    if (BackendError.is(cause, "library")) throw cause;
    const reason = messageOf(cause).replace(/^backend-onnx: /, "");
    throw new BackendError("library", `provider "${provider}" does not start. ${asSentence(reason)} ${remedy}`, {
      cause,
    });
  }
}

function openAllocator(library: OrtLibrary, session: Pointer, memoryName: string): Pointer {
  const memory = library.create("CreateMemoryInfo", memoryName, DEVICE_ALLOCATOR, FIRST_DEVICE, MEMORY_TYPE_DEFAULT);
  try {
    return library.create("CreateAllocator", session, memory);
  } finally {
    library.release.ReleaseMemoryInfo(memory);
  }
}

function asSentence(text: string): string {
  return text.trim().replace(/(?<![.!?])$/, ".");
}

import { BackendError } from "../backend-error.ts";
import type { ElementType, Storage } from "../graph/graph.ts";
import type { OrtLibrary, Pointer } from "../ort/ort-library.ts";
import type { OptimizationLevel } from "../ort/ort-runtime.ts";
import { openOrtSession, type Destinations, type OrtSession } from "../ort/ort-session.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import type { Device } from "./device.ts";

/**
 * Opens a session for an ONNX model on a device. `prepare` may set further session options. Throws {@link BackendError}
 * "unsupported" if the device cannot run the model.
 */
export function openSession(
  device: Device,
  level: OptimizationLevel,
  model: Uint8Array,
  prepare?: (library: OrtLibrary, options: Pointer) => void,
): OrtSession {
  const { runtime, allocate } = device;
  const options = device.createOptions(level);
  let session: OrtSession;
  try {
    prepare?.(runtime.library, options);
    session = open(device, options, model);
  } finally {
    runtime.library.release.ReleaseSessionOptions(options);
  }
  if (allocate === undefined) return session;
  return {
    handle: session.handle,
    run(inputs, outputs, given) {
      const { all, fresh } = destinationsOf(outputs, given, allocate);
      try {
        session.run(inputs, outputs, all);
      } catch (error) {
        for (const storage of fresh) storage.release();
        throw error;
      }
    },
    release: () => session.release(),
  };
}

function open({ runtime, provider }: Device, options: Pointer, model: Uint8Array): OrtSession {
  try {
    return openOrtSession(runtime, options, model);
  } catch (cause) {
    if (!(cause instanceof Error && cause.message.includes("fallback to CPU EP has been explicitly disabled"))) {
      throw cause;
    }
    throw new BackendError(
      "unsupported",
      `ONNX Runtime has no kernel for it on the provider "${provider}", and nothing silently falls back to the CPU. ` +
        'Compose the operation from others, or run the model with provider: "cpu".',
      { cause },
    );
  }
}

/**
 * Returns memory for every output: the given memory, or new memory on the device. Otherwise ONNX Runtime would use CPU
 * memory.
 */
function destinationsOf(
  outputs: readonly RecordedValue[],
  given: Destinations | undefined,
  allocate: (shape: readonly number[], dtype: ElementType) => Storage,
): { readonly all: Destinations; readonly fresh: readonly Storage[] } {
  const all = new Map<RecordedValue, Storage>();
  const fresh: Storage[] = [];
  try {
    for (const output of outputs) {
      const known = given?.get(output);
      const storage = known ?? allocate(output.shape, output.dtype);
      if (known === undefined) fresh.push(storage);
      all.set(output, storage);
    }
  } catch (error) {
    for (const storage of fresh) storage.release();
    throw error;
  }
  return { all, fresh };
}

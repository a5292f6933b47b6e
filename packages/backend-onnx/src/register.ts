import * as tf from "@tensorflow/tfjs-core";
import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "./backend-error.ts";
import { openDevice } from "./devices/open-device.ts";
import type { UpdateInputs } from "./execution.ts";
import { rewriteGradients } from "./gradients.ts";
import type { Attributes } from "./graph/graph.ts";
import type { Kernel } from "./kernel.ts";
import { ALL_KERNELS } from "./kernels/all-kernels.ts";
import { reasonLeftOut } from "./kernels/left-out-kernels.ts";
import { quantizedMatrix } from "./matrices/quantized-matrix.ts";
import { storedMatrix } from "./matrices/stored-matrix.ts";
import { OnnxBackend } from "./onnx-backend.ts";
import { NO_STATISTICS, type OnnxStatistics } from "./onnx-statistics.ts";
import { ALL_OPTIMIZERS } from "./optimizers/all-optimizers.ts";
import { optimizerCall } from "./optimizers/optimizer-call.ts";
import { updateInPlace } from "./optimizers/update.ts";
import { resolveOptions, type OnnxBackendOptions, type ResolvedOptions } from "./options.ts";
import { openOrtRuntime } from "./ort/ort-runtime.ts";

const NAME = "onnx";
/** The priority of the backend, above those of tfjs's own (cpu 1, wasm 2, webgpu 3). */
const PRIORITY = 10;

let registered: ResolvedOptions = resolveOptions({});

/**
 * Registers the backend "onnx" with TensorFlow.js. ONNX Runtime is loaded at first use. A second call does nothing.
 * Throws {@link BackendError} "invalid-options".
 */
export function registerOnnxBackend(options: OnnxBackendOptions = {}): void {
  const resolved = resolveOptions(options);
  if (isRegistered()) {
    checkFixedOptions(options);
    return;
  }
  const open = (): OnnxBackend =>
    new OnnxBackend(openDevice(openOrtRuntime(resolved.threads), resolved.provider), resolved);
  tf.registerBackend(NAME, open, PRIORITY);
  registered = resolved;
  for (const kernel of ALL_KERNELS) registerKernel(kernel.kernelName, kernelFunction(kernel));
  // tfjs-core types a kernel's inputs as single tensors; this kernel gets lists of tensors.
  for (const optimizer of ALL_OPTIMIZERS) {
    registerKernel(optimizer.kernelName, ({ inputs, attrs, backend }) => {
      const host = onnxBackend(backend);
      const attributes = (attrs ?? {}) as Attributes;
      const run = (): void => updateInPlace(host, optimizerCall(optimizer, inputs, attributes));
      host.execution.update(optimizer, inputs as UpdateInputs, attributes, run);
      return [];
    });
  }
  registerKernel("SegmentBoundary", ({ backend }) => {
    onnxBackend(backend).recording.flush();
    return [];
  });
  registerKernel("ReleasePages", ({ inputs, backend }) => {
    const { data, recording } = onnxBackend(backend);
    // What is still to be computed would read the pages again.
    recording.flush();
    for (const tensor of Object.values(inputs))
      if (tensor && !Array.isArray(tensor)) data.value(tensor.dataId).storage?.dropPages?.();
    return [];
  });
  registerKernel("StoredMatrix", ({ attrs, backend }) => storedMatrix(onnxBackend(backend), Object(attrs)));
  registerKernel("QuantizedMatrix", ({ attrs, backend }) => quantizedMatrix(onnxBackend(backend), Object(attrs)));
  registerKernel("WritableTensors", ({ attrs, backend }) => onnxBackend(backend).writableTensors(Object(attrs)));
  for (const kernelName of unknownKernels()) registerKernel(kernelName, () => throwNotImplemented(kernelName));
}

/**
 * Registers the backend and makes it current. Replaces some gradients on this backend with versions that need no arrays
 * of ones. Throws {@link BackendError} "library" if ONNX Runtime cannot be loaded, "invalid-options" for invalid
 * options.
 */
export async function useOnnxBackend(options: OnnxBackendOptions = {}): Promise<void> {
  const resolved = resolveOptions(options);
  if (isRegistered()) checkFixedOptions(options);
  const { threads, provider } = isRegistered() ? registered : resolved;
  // tfjs hides the reason when a backend does not start, so the steps that can fail run first.
  openDevice(openOrtRuntime(options.threads ?? threads), provider);
  registerOnnxBackend(options);
  if (!(await tf.setBackend(NAME)))
    throw new BackendError("library", `TensorFlow.js could not start the backend "${NAME}".`);
  rewriteGradients(NAME);
}

/** Returns statistics of the backend: its work so far and its current memory. All are zero before its first use. */
export function onnxStatistics(): OnnxStatistics {
  // tf.findBackend would start the backend.
  const backend = tf.engine().registry[NAME];
  if (backend instanceof OnnxBackend) return backend.statistics;
  return NO_STATISTICS;
}

function isRegistered(): boolean {
  return tf.engine().findBackendFactory(NAME) !== null;
}

/** Throws for options that affect results and can no longer change. */
function checkFixedOptions(options: OnnxBackendOptions): void {
  for (const name of ["provider", "optimization", "threads"] as const) {
    const wanted = options[name];
    if (wanted === undefined || wanted === (registered[name] ?? wanted)) continue;
    throw new BackendError(
      "invalid-options",
      `${name}: ${JSON.stringify(wanted)} comes too late: ` +
        `the backend "${NAME}" is registered with ${JSON.stringify(registered[name])}. ` +
        `Pass it to the first registration, or call tf.removeBackend("${NAME}") first.`,
    );
  }
}

function registerKernel(kernelName: string, kernelFunc: KernelFunc): void {
  // Kernels outlive a removed backend, and tfjs prints a warning when they are registered again.
  if (tf.getKernel(kernelName, NAME) === undefined) tf.registerKernel({ kernelName, backendName: NAME, kernelFunc });
}

function kernelFunction(kernel: Kernel): KernelFunc {
  return ({ inputs, attrs, backend }) => {
    const recorder = onnxBackend(backend);
    recorder.flushIfFull();
    try {
      return kernel.run({
        inputs: inputs as Readonly<Record<string, TensorInfo>>,
        attributes: (attrs ?? {}) as Readonly<Record<string, unknown>>,
        recorder,
      });
    } catch (error) {
      throw kernelError(kernel.kernelName, error);
    }
  };
}

/**
 * Adds the kernel's name to JavaScript's own errors for invalid sizes. tfjs-core's errors stay as they are, because its
 * tests match them.
 */
function kernelError(kernelName: string, cause: unknown): unknown {
  if (!(cause instanceof TypeError || cause instanceof RangeError)) return cause;
  return new BackendError("unsupported", `${kernelName}: ${cause.message}. Check the arguments of the call.`, {
    cause,
  });
}

function onnxBackend(backend: unknown): OnnxBackend {
  if (backend instanceof OnnxBackend) return backend;
  throw new BackendError(
    "unsupported",
    `a kernel of the backend "${NAME}" was called while a different backend was current. Call tf.setBackend("${NAME}") first.`,
  );
}

/**
 * Returns the names of all tfjs-core kernels that this backend does not implement. For each kernel, tfjs-core exports a
 * constant whose name and value are both the kernel's name. Excludes FromPixels: without such a kernel, tfjs-core does
 * the work itself.
 */
function unknownKernels(): string[] {
  const known = new Set([...ALL_KERNELS.map((kernel) => kernel.kernelName), tf.FromPixels]);
  return Object.entries(tf)
    .filter(([name, value]) => name === value && !known.has(name))
    .map(([name]) => name);
}

function throwNotImplemented(kernelName: string): never {
  const reason = reasonLeftOut(kernelName);
  throw new BackendError(
    "unsupported",
    `the kernel ${kernelName} is not implemented${reason === undefined ? "" : ` (${reason})`}. Compose the operation from others, ` +
      `or run this part on a different backend: tf.setBackend("cpu") before it, tf.setBackend("${NAME}") after it.`,
  );
}

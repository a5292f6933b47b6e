import * as tf from "@tensorflow/tfjs-core";
import type { KernelFunc, TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "./backend-error.ts";
import type { UpdateInputs } from "./compiled/trace.ts";
import { openDevice } from "./devices/open-device.ts";
import { rewriteGradients } from "./gradients.ts";
import type { Attributes } from "./graph/graph.ts";
import type { Kernel } from "./kernel.ts";
import { ALL_KERNELS } from "./kernels/all-kernels.ts";
import { reasonLeftOut } from "./kernels/left-out-kernels.ts";
import { OnnxBackend } from "./onnx-backend.ts";
import { NO_STATISTICS, type OnnxStatistics } from "./onnx-statistics.ts";
import { ALL_OPTIMIZERS } from "./optimizers/all-optimizers.ts";
import { optimizerCall } from "./optimizers/optimizer-call.ts";
import { updateInPlace } from "./optimizers/update.ts";
import { resolveOptions, type OnnxBackendOptions, type ResolvedOptions } from "./options.ts";
import { openOrtRuntime } from "./ort/ort-runtime.ts";

const NAME = "onnx";
/** Above tfjs's own backends (cpu 1, wasm 2, webgpu 3), below nothing. */
const PRIORITY = 10;

/** With which the backend is registered. */
let registered: ResolvedOptions = resolveOptions({});

/**
 * Makes the backend "onnx" known to TensorFlow.js; nothing is loaded before the backend is first used.
 * A second call does nothing. Throws {@link BackendError} "invalid-options".
 */
export function registerOnnxBackend(options: OnnxBackendOptions = {}): void {
  const resolved = resolveOptions(options);
  if (isRegistered()) {
    checkDecisive(options);
    return;
  }
  const open = (): OnnxBackend =>
    new OnnxBackend(openDevice(openOrtRuntime(resolved.threads), resolved.provider), resolved);
  tf.registerBackend(NAME, open, PRIORITY);
  registered = resolved;
  for (const kernel of ALL_KERNELS) registerKernel(kernel.kernelName, kernelFunction(kernel));
  // tfjs-core types a kernel's inputs as single tensors; this kernel is called with lists of them.
  for (const optimizer of ALL_OPTIMIZERS) {
    registerKernel(optimizer.kernelName, ({ inputs, attrs, backend }) => {
      const host = onnxBackend(backend);
      const attributes = (attrs ?? {}) as Attributes;
      const run = (): void => updateInPlace(host, optimizerCall(optimizer, inputs, attributes));
      if (host.trace === undefined) run();
      else host.trace.update(optimizer, inputs as UpdateInputs, attributes, run);
      return [];
    });
  }
  registerKernel("SegmentBoundary", ({ backend }) => {
    onnxBackend(backend).recording.flush();
    return [];
  });
  registerKernel("WritableTensors", ({ attrs, backend }) => onnxBackend(backend).lend(Object(attrs)));
  for (const kernelName of unknownKernels()) registerKernel(kernelName, () => refuse(kernelName));
}

/**
 * Registers the backend and makes it the current one; gradients that are registered by then are computed on it without
 * needless arrays of ones. Throws {@link BackendError} "library" when
 * ONNX Runtime cannot be loaded, "invalid-options" when the options cannot work.
 */
export async function useOnnxBackend(options: OnnxBackendOptions = {}): Promise<void> {
  const resolved = resolveOptions(options);
  if (isRegistered()) checkDecisive(options);
  const { threads, provider } = isRegistered() ? registered : resolved;
  // tfjs swallows the reason when a backend does not start, so what can fail is done first.
  openDevice(openOrtRuntime(options.threads ?? threads), provider);
  registerOnnxBackend(options);
  if (!(await tf.setBackend(NAME)))
    throw new BackendError("library", `TensorFlow.js could not start the backend "${NAME}".`);
  rewriteGradients(NAME);
}

/** What the backend has done so far, and what it holds; all zero before it is first used. */
export function onnxStatistics(): OnnxStatistics {
  // Not tf.findBackend, which would start the backend.
  const backend = tf.engine().registry[NAME];
  if (backend instanceof OnnxBackend) return backend.statistics;
  return NO_STATISTICS;
}

function isRegistered(): boolean {
  return tf.engine().findBackendFactory(NAME) !== null;
}

/** What decides results and cannot be followed any more must not pass in silence. */
function checkDecisive(options: OnnxBackendOptions): void {
  for (const name of ["provider", "optimization", "threads"] as const) {
    const wanted = options[name];
    if (wanted === undefined || wanted === (registered[name] ?? wanted)) continue;
    throw new BackendError(
      "invalid-options",
      `${name}: ${JSON.stringify(wanted)} comes too late: ` +
        `the backend "${NAME}" is registered with ${JSON.stringify(registered[name])}. ` +
        `Pass it to the first registration, or call tf.removeBackend("${NAME}") before.`,
    );
  }
}

function registerKernel(kernelName: string, kernelFunc: KernelFunc): void {
  // They outlive a backend that was removed; tfjs would print a warning at the second registration.
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

/** tfjs-core's own refusals keep their words, which its tests know; what JavaScript throws at bad sizes says nothing to a user. */
function kernelError(kernelName: string, cause: unknown): unknown {
  if (!(cause instanceof TypeError || cause instanceof RangeError)) return cause;
  return new BackendError("unsupported", `${kernelName}: ${cause.message}. Check the arguments of the call.`, {
    cause,
  });
}

function onnxBackend(backend: unknown): OnnxBackend {
  if (backend instanceof OnnxBackend) return backend;
  throw new BackendError("unsupported", `a kernel of the backend "${NAME}" was called for another backend`);
}

/**
 * Names of all kernels that tfjs-core knows (its constants are named like their values) and that are not in the list.
 * Not FromPixels: where no such kernel is registered, tfjs-core does the work itself.
 */
function unknownKernels(): string[] {
  const known = new Set([...ALL_KERNELS.map((kernel) => kernel.kernelName), tf.FromPixels]);
  return Object.entries(tf)
    .filter(([name, value]) => name === value && !known.has(name))
    .map(([name]) => name);
}

function refuse(kernelName: string): never {
  const reason = reasonLeftOut(kernelName);
  throw new BackendError(
    "unsupported",
    `the kernel ${kernelName} is not implemented${reason === undefined ? "" : ` (${reason})`}. Compose the operation from others, ` +
      `or run this part on another backend: tf.setBackend("cpu") before it, tf.setBackend("${NAME}") after it.`,
  );
}

import { MlanError } from "@mlan/core";
import type { KernelFunc } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { applyAdamW } from "./kernels/apply-adamw.ts";
import { rmsNorm } from "./kernels/rms-norm.ts";
import { rotaryEmbedding } from "./kernels/rotary-embedding.ts";
import { loadBinding } from "./load-binding.ts";
import { type OpenBackend, openBackend } from "./open-backend.ts";
import { checkTensorFlowOptions, type TensorFlowOptions } from "./options.ts";
import type { TensorFlowStatistics } from "./statistics.ts";
import { tfjsNode } from "./tfjs-node.ts";

const NAME = "tensorflow";
/** Of tfjs-node; below backend-onnx, which is what a machine without a GPU wants. */
const PRIORITY = 3;

/** Kernels of @mlan/fused-ops. */
const KERNELS: Readonly<Record<string, KernelFunc>> = {
  ApplyAdamW: applyAdamW,
  RmsNorm: rmsNorm,
  RotaryEmbedding: rotaryEmbedding,
};

/** The backend once it has been used. */
let open: OpenBackend | undefined;

/**
 * Makes the backend "tensorflow" known to TensorFlow.js; TensorFlow is loaded when the backend is first used.
 * A second call does nothing. Throws `invalid-options`.
 */
export function registerTensorFlowBackend(options: TensorFlowOptions = {}): void {
  checkTensorFlowOptions(options);
  if (tf.engine().findBackendFactory(NAME) !== null) return;
  tf.registerBackend(
    NAME,
    () => {
      open = openBackend(loadBinding(options), options);
      return open.backend;
    },
    PRIORITY,
  );
  for (const [kernelName, kernelFunc] of Object.entries(KERNELS)) {
    // They outlive a backend that was removed; tfjs would print a warning at the second registration.
    if (!tf.getKernel(kernelName, NAME)) tf.registerKernel({ kernelName, backendName: NAME, kernelFunc });
  }
}

/**
 * Loads TensorFlow into this process, once; the backend is then sure to start. Throws as {@link useTensorFlowBackend}.
 */
export function loadTensorFlow(options: TensorFlowOptions = {}): void {
  loadBinding(checkTensorFlowOptions(options));
  tfjsNode();
}

/**
 * Registers the backend and makes it the current one. Throws `invalid-options`; `unavailable`, naming the next command,
 * when no TensorFlow is installed, when it cannot be loaded or has no device as wanted; `missing-plugin` when
 * @tensorflow/tfjs-node-gpu is not installed.
 */
export async function useTensorFlowBackend(options: TensorFlowOptions = {}): Promise<void> {
  const { precision } = options;
  // tfjs swallows the reason when a backend does not start, so what can fail is done first.
  loadTensorFlow(options);
  registerTensorFlowBackend(options);
  if (!(await tf.setBackend(NAME)))
    throw new MlanError("unavailable", `backend-tensorflow: TensorFlow.js could not start the backend "${NAME}".`);
  const used = tensorFlowStatistics()?.precision;
  if (precision === undefined || precision === used) return;
  throw new MlanError(
    "invalid-options",
    `backend-tensorflow: precision "${precision}" comes too late: the backend is in use with "${used}". ` +
      `Pass it to the first use, or call tf.removeBackend("${NAME}") before.`,
  );
}

/** What the backend has done so far, and what it holds; undefined before it is first used. */
export function tensorFlowStatistics(): TensorFlowStatistics | undefined {
  return open?.statistics();
}

/** Lets `peakBytes` begin anew from what is held now. */
export function resetTensorFlowPeak(): void {
  open?.resetPeak();
}

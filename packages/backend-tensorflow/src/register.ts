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
/** The priority of tfjs-node's backend, below that of backend-onnx, which is faster without a GPU. */
const PRIORITY = 3;

/** The kernels of @mlan/fused-ops on this backend. */
const KERNELS: Readonly<Record<string, KernelFunc>> = {
  ApplyAdamW: applyAdamW,
  RmsNorm: rmsNorm,
  RotaryEmbedding: rotaryEmbedding,
};

/** Undefined before the first use. */
let open: OpenBackend | undefined;

/**
 * Registers the backend "tensorflow" with TensorFlow.js. TensorFlow is loaded at first use. A second call does nothing.
 * Throws `invalid-options`.
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
    // Kernels outlive a removed backend, and tfjs prints a warning when they are registered again.
    if (!tf.getKernel(kernelName, NAME)) tf.registerKernel({ kernelName, backendName: NAME, kernelFunc });
  }
}

/** Loads TensorFlow once per process, so that the backend can start. Throws like {@link useTensorFlowBackend}. */
export function loadTensorFlow(options: TensorFlowOptions = {}): void {
  loadBinding(checkTensorFlowOptions(options));
  tfjsNode();
}

/**
 * Registers the backend and makes it current. Throws `invalid-options`; `unavailable`, with the next command, if
 * TensorFlow is not installed, cannot be loaded or lacks the requested device; `missing-plugin` if
 * @tensorflow/tfjs-node-gpu is not installed.
 */
export async function useTensorFlowBackend(options: TensorFlowOptions = {}): Promise<void> {
  const { precision } = options;
  // tfjs hides the reason when a backend does not start, so the steps that can fail run first.
  loadTensorFlow(options);
  registerTensorFlowBackend(options);
  if (!(await tf.setBackend(NAME)))
    throw new MlanError("unavailable", `backend-tensorflow: TensorFlow.js could not start the backend "${NAME}".`);
  const used = tensorFlowStatistics()?.precision;
  if (precision === undefined || precision === used) return;
  throw new MlanError(
    "invalid-options",
    `backend-tensorflow: precision "${precision}" comes too late: the backend is in use with "${used}". ` +
      `Pass it to the first use, or call tf.removeBackend("${NAME}") first.`,
  );
}

/** Returns statistics of the backend: its work so far and its current memory. Undefined before its first use. */
export function tensorFlowStatistics(): TensorFlowStatistics | undefined {
  return open?.statistics();
}

/** Resets `peakBytes` to the current bytes. */
export function resetTensorFlowPeak(): void {
  open?.resetPeak();
}

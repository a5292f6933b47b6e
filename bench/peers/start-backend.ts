import { useOnnxBackend } from "@mlan/backend-onnx";
import { tensorFlowStatistics, useTensorFlowBackend } from "@mlan/backend-tensorflow";
import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import type { Setup } from "../worker.ts";

/** The package of a backend that is installed by whoever wants to compare with it. */
const WASM = "@tensorflow/tfjs-backend-wasm";

/** Makes a backend current, and says what it is. */
export async function startBackend(name: string, { threads, precision }: Setup): Promise<string> {
  if (name === "onnx") await useOnnxBackend({ threads });
  else if (name === "tensorflow") await useTensorFlowBackend({ threads, precision });
  else {
    if (name === "wasm") await import(WASM).catch(leftOut);
    if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js has no backend "${name}" here`);
  }
  await tf.ready();
  return `TensorFlow.js ${tf.version_core}, ${name}${name === "tensorflow" ? ` (${tensorFlowText(precision)})` : ""}`;
}

function tensorFlowText(precision: Setup["precision"]): string {
  const { version, device } = tensorFlowStatistics();
  return `TensorFlow ${version}, ${device}, ${precision}`;
}

function leftOut(cause: unknown): never {
  throw new Error(`The backend "wasm" is left out: install ${WASM} to compare with it.`, { cause });
}

import { onnxStatistics, useOnnxBackend } from "@mlan/backend-onnx";
import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import type { Setup } from "../worker.ts";

/** Makes a backend current, and says what it is. */
export async function startBackend(name: string, { threads }: Setup): Promise<string> {
  if (name === "onnx") await useOnnxBackend({ threads, ...JSON.parse(process.env["ONNX_OPTIONS"] ?? "{}") });
  else if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js has no backend "${name}" here`);
  await tf.ready();
  return `TensorFlow.js ${tf.version_core}, ${name}`;
}

export { onnxStatistics };

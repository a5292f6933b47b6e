import { useOnnxBackend } from "@mlan/backend-onnx";
import { type Precision, tensorFlowStatistics, useTensorFlowBackend } from "@mlan/backend-tensorflow";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // registers gradients
import * as tf from "@tensorflow/tfjs-core";

/** The package of a backend that is installed by whoever wants to compare with it. */
const WASM = "@tensorflow/tfjs-backend-wasm";

interface Settings {
  readonly threads: number;
  readonly device: "cpu" | "gpu";
  /** Of the backend "tensorflow"; all others compute in float32. */
  readonly precision: Precision;
}

/** Makes a backend current, and says what it is. */
export async function startBackend(name: string, { threads, device, precision }: Settings): Promise<string> {
  const version = `TensorFlow.js ${tf.version_core}, ${name}`;
  if (name === "tensorflow") {
    await useTensorFlowBackend({ threads, device, precision });
    const used = tensorFlowStatistics();
    return `${version} (TensorFlow ${used?.version}, ${used?.device}, ${precision})`;
  }
  if (name === "wasm") await import(WASM).catch(leftOut);
  if (name === "onnx") await useOnnxBackend({ threads, provider: device === "gpu" ? "webgpu" : "cpu" });
  else if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js has no backend "${name}" here`);
  await tf.ready();
  return version;
}

function leftOut(cause: unknown): never {
  throw new Error(`The backend "wasm" is left out: install ${WASM} to compare with it.`, { cause });
}

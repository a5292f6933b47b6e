import { onnx } from "@mlan/backend-onnx";
import { type Precision, tensorflow, tensorFlowStatistics } from "@mlan/backend-tensorflow";
import { type Compute, COMPUTE, createScope } from "@mlan/core";
import { plainCompute } from "@mlan/testing";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";

/** The package of an optional backend. It is compared if it is installed. */
const WASM = "@tensorflow/tfjs-backend-wasm";

interface Settings {
  readonly threads: number;
  readonly device: "cpu" | "gpu";
  /** Precision of the backend "tensorflow". All others compute in float32. */
  readonly precision: Precision;
}

/** Opens a compute plugin and describes its versions. */
export async function startCompute(
  name: string,
  { threads, device, precision }: Settings,
): Promise<{ readonly compute: Compute; readonly versions: string }> {
  if (name === "wasm") await import(WASM).catch(leftOut);
  const compute =
    name === "onnx"
      ? createScope([onnx({ threads, provider: device === "gpu" ? "webgpu" : "cpu" })]).get(COMPUTE)
      : name === "tensorflow"
        ? createScope([tensorflow({ threads, device, precision })]).get(COMPUTE)
        : plainCompute(name);
  await compute.open();
  const version = `TensorFlow.js ${tf.version_core}, ${name}`;
  if (name !== "tensorflow") return { compute, versions: version };
  const used = tensorFlowStatistics();
  return { compute, versions: `${version} (TensorFlow ${used?.version}, ${used?.device}, ${precision})` };
}

function leftOut(cause: unknown): never {
  throw new Error(`The backend "wasm" is not available: install ${WASM} to compare with it.`, { cause });
}

import { useOnnxBackend } from "@mlan/backend-onnx";
import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import type { Setup } from "../worker.ts";

/** Packages that bring a backend and are installed by whoever wants to compare with it. */
const PACKAGES: Readonly<Record<string, string>> = {
  wasm: "@tensorflow/tfjs-backend-wasm",
  tensorflow: "@tensorflow/tfjs-node",
};

/** Makes a backend current, and says what it is. */
export async function startBackend(name: string, { threads }: Setup): Promise<string> {
  const needed = PACKAGES[name];
  if (needed !== undefined) {
    await import(needed).catch((cause: unknown) => {
      throw new Error(`The backend "${name}" is left out: install ${needed} to compare with it.`, { cause });
    });
  }
  if (name === "onnx") await useOnnxBackend({ threads });
  else if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js has no backend "${name}" here`);
  await tf.ready();
  return `TensorFlow.js ${tf.version_core}, ${name}`;
}

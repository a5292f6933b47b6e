import { MlanError, type Plugin } from "@mlan/core";
import { importTensorFlow } from "./import-tensorflow.ts";

export type Backend = "onnx" | "tensorflow";

/** Returns the compute plugin of a backend. Throws `missing-plugin` when it is not installed. */
export async function computePlugin(backend: Backend): Promise<Plugin> {
  if (backend === "tensorflow") return (await importTensorFlow()).tensorflow();
  const { onnx } = await import("@mlan/backend-onnx");
  return onnx();
}

/** Returns the value if it is a plugin. Otherwise throws `contract`. */
export function checkPlugin(value: unknown): Plugin {
  if (isPlugin(value)) return value;
  throw new MlanError("contract", "a plugin's factory returned a value that is not a plugin.");
}

function isPlugin(value: unknown): value is Plugin {
  return typeof Object(value).create === "function";
}

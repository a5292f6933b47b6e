import { createRequire } from "node:module";
import { MlanError } from "@mlan/core";
import { restoreUtilFunctions } from "./device/removed-util-functions.ts";
import type { NativeBinding } from "./device/native-binding.ts";
import type { NodeBackend } from "./node-backend.ts";

const PACKAGE = "@tensorflow/tfjs-node-gpu";

/**
 * Registers the kernels of @tensorflow/tfjs-node-gpu, and returns a function that creates its backend for a binding.
 * Does not import the package's index, which requires a binding in its own folder and makes its backend current. Throws
 * `missing-plugin` if the package is not installed.
 */
export function tfjsNode(): (binding: NativeBinding) => NodeBackend {
  restoreUtilFunctions();
  const require = createRequire(import.meta.url);
  try {
    require(`${PACKAGE}/dist/register_all_kernels.js`);
    const { NodeJSKernelBackend } = require(`${PACKAGE}/dist/nodejs_kernel_backend.js`);
    return (binding) => new NodeJSKernelBackend(binding, PACKAGE);
  } catch (cause) {
    if (Object(cause).code !== "MODULE_NOT_FOUND") throw cause;
    throw new MlanError(
      "missing-plugin",
      `backend-tensorflow: ${PACKAGE} 4.22.0 is not installed. npm omits it when its install script cannot download ` +
        `TensorFlow. Install it without that script: npm install --ignore-scripts ${PACKAGE}@4.22.0`,
      { cause },
    );
  }
}

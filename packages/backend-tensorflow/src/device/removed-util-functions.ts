import { createRequire } from "node:module";

/**
 * Restores the functions of Node's `util` that @tensorflow/tfjs-node-gpu 4.22.0 calls. Node 22 warns about them, and
 * Node 23 removed `isNullOrUndefined`.
 */
export function restoreUtilFunctions(): void {
  // The namespace of an import is read-only, but not the result of require.
  const util = createRequire(import.meta.url)("node:util");
  util.isArray = Array.isArray;
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
}

import { createRequire } from "node:module";

/**
 * Replaces what @tensorflow/tfjs-node-gpu 4.22.0 calls of Node's `util` by what it was: Node 22 warns of these functions,
 * and Node 23 removed `isNullOrUndefined`.
 */
export function restoreUtilFunctions(): void {
  // Not the import, whose namespace cannot be written to.
  const util = createRequire(import.meta.url)("node:util");
  util.isArray = Array.isArray;
  util.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
}

import { createRequire } from "node:module";

/**
 * Puts back what @tensorflow/tfjs-node-gpu 4.22.0 calls of Node's `util` and Node 23 removed (`isArray` and
 * `isNullOrUndefined`). Does nothing where they exist.
 */
export function restoreUtilFunctions(): void {
  // Not the import, whose namespace cannot be written to.
  const util = createRequire(import.meta.url)("node:util");
  util.isArray ??= Array.isArray;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
}

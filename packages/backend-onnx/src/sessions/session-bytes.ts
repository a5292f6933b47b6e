import type { Program } from "../recording/program.ts";

// Measured with ONNX Runtime 1.30 (Linux x64): growth of the resident set per session over hundreds of sessions, for
// graphs of 3 to 3000 recorded operations with 1 to 8 nodes each. The estimate differs by less than a third.
const BYTES_OF_AN_EMPTY_SESSION = 50_000;
/**
 * Bytes in memory per byte of a model's structure. ONNX Runtime has an object with a name for each node, edge and type,
 * each of which takes only a few bytes in the model.
 */
const BYTES_PER_BYTE_OF_STRUCTURE = 60;
/**
 * Bytes in memory per byte of constants. A session keeps constants twice: as in the model, and as its kernels use them.
 */
const BYTES_PER_BYTE_OF_CONSTANTS = 3;
/** Maximum size in bytes of a recorded operation in a model, without its constants. */
const LARGEST_STRUCTURE = 2048;

/** Estimates the memory of a session for `model`, in bytes. */
export function estimateSessionBytes({ nodes, signature }: Program, model: Uint8Array): number {
  const structure = Math.min(model.length, nodes.length * LARGEST_STRUCTURE);
  const constants = model.length - structure;
  return (
    BYTES_OF_AN_EMPTY_SESSION +
    structure * BYTES_PER_BYTE_OF_STRUCTURE +
    constants * BYTES_PER_BYTE_OF_CONSTANTS +
    signature.byteLength
  );
}

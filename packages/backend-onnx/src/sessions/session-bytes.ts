import type { Program } from "../recording/program.ts";

// Measured with ONNX Runtime 1.30 (Linux x64): growth of the resident set per session over hundreds of them, for graphs
// of 3 to 3000 recorded operations that are written as 1 to 8 nodes each. The estimate differs by less than a third.
const BYTES_OF_AN_EMPTY_SESSION = 50_000;
/**
 * Bytes in memory per byte of a model's structure: ONNX Runtime has an object with a name for each node, edge and type,
 * which take only a few bytes in the model.
 */
const BYTES_PER_BYTE_OF_STRUCTURE = 60;
/**
 * Bytes in memory per byte of constants: a session keeps constants both as written in the model and as used by kernels.
 */
const BYTES_PER_BYTE_OF_CONSTANTS = 3;
/** Maximum size of a recorded operation in a model in bytes, without its constants. */
const LARGEST_STRUCTURE = 2048;

/** Estimates the memory of a session compiled from `model`, in bytes. */
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

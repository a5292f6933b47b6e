import type { Program } from "../recording/program.ts";

// Measured with ONNX Runtime 1.30 (Linux x64): growth of the resident set per session over hundreds of them, for graphs
// of 3 to 3000 recorded operations that are written as 1 to 8 nodes each. The estimate is within a third of it.
const BYTES_OF_AN_EMPTY_SESSION = 50_000;
/** Nodes, edges and types are objects with names in ONNX Runtime, where the model has a few bytes of text. */
const BYTES_PER_BYTE_OF_STRUCTURE = 60;
/** Constants are held as they were written and as they are read. */
const BYTES_PER_BYTE_OF_CONSTANTS = 3;
/** The most that a recorded operation takes in a model without its constants. */
const LARGEST_STRUCTURE = 2048;

/** What a session that is compiled from `model` holds, in bytes, estimated. */
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

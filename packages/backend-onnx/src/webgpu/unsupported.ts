import { BackendError } from "../backend-error.ts";
import type { NodeCall, Replacement, Replacements } from "./typed-graph.ts";

/** Operators without a WebGPU kernel or a replacement. Writing such an operator throws an error with an alternative. */
export const UNSUPPORTED: Replacements = {
  MatMul: throwing(ofInt32, "products of integers", "tf.cast them to float32"),
  TopK: throwing(ofInt32, "the order of integers", "tf.cast them to float32"),
  MaxPool: throwing(
    ({ outputs }) => outputs > 1,
    "the indices of maxima, which the gradient of tf.maxPool needs",
    "use tf.avgPool",
  ),
  Einsum: throwing(ofInt32, "sums of products of integers", "tf.cast them to float32"),
};

function ofInt32({ operands: [operand] }: NodeCall): boolean {
  return operand?.type === "int32";
}

function throwing(applies: (call: NodeCall) => boolean, what: string, remedy: string): Replacement {
  return (_graph, call) => {
    if (!applies(call)) return undefined;
    throw new BackendError(
      "unsupported",
      `ONNX Runtime has no WebGPU kernel for ${what}. Either ${remedy}, or use provider: "cpu".`,
    );
  };
}

import { BackendError } from "../backend-error.ts";
import type { NodeCall, Replacement, Replacements } from "./typed-graph.ts";

/** What has no WebGPU kernel and no other form: said with a way out before ONNX Runtime is asked. */
export const REFUSALS: Replacements = {
  MatMul: refusing(ofInt32, "products of integers", "tf.cast them to float32"),
  TopK: refusing(ofInt32, "the order of integers", "tf.cast them to float32"),
  MaxPool: refusing(
    ({ outputs }) => outputs > 1,
    "the places of maxima, which the gradient of tf.maxPool needs",
    "use tf.avgPool",
  ),
  Einsum: refusing(ofInt32, "sums of products of integers", "tf.cast them to float32"),
};

function ofInt32({ operands: [operand] }: NodeCall): boolean {
  return operand?.type === "int32";
}

function refusing(applies: (call: NodeCall) => boolean, what: string, wayOut: string): Replacement {
  return (_graph, call) => {
    if (!applies(call)) return undefined;
    throw new BackendError(
      "unsupported",
      `ONNX Runtime has no WebGPU kernel for ${what}: ${wayOut}, or use provider: "cpu".`,
    );
  };
}

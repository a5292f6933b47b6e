import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { fill } from "../indexing/fill.ts";
import { einsumInBlocks } from "./long-einsum.ts";
import { inNumber, isEmpty, kernel, numberType, operation, record } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";

const EINSUM = operation(
  "Einsum",
  inNumber(({ graph, operands, attributes: { equation } }: EmitContext<tf.EinsumAttrs>, ...tensors) =>
    numberType(operands) === "int32"
      ? ["Einsum", tensors, { equation }]
      : einsumInBlocks(graph, tensors, operands, equation),
  ),
);

export const EINSUM_KERNELS: readonly Kernel[] = [
  kernel<tf.EinsumInputs, tf.EinsumAttrs>(tf.Einsum, (tensors, { equation }, recorder) =>
    einsum(recorder, tensors, equation),
  ),
];

/** tfjs parses the equation (without ellipsis or repeated indices in a term); ONNX Runtime computes it. */
function einsum(recorder: Recorder, tensors: readonly TensorInfo[], equation: string): TensorInfo {
  const { allDims, summedDims, idDims } = tf.backend_util.decodeEinsumEquation(equation, tensors.length);
  const sizes = indexSizes(tensors, idDims, equation);
  const shape = sizes.slice(0, allDims.length - summedDims.length);
  const [first] = tensors;
  const type = first === undefined ? "float32" : elementType(first);
  // Sums of booleans are counts.
  const dtype = type === "bool" && summedDims.length > 0 ? "int32" : type;
  if (isEmpty(sizes)) return fill(recorder, shape, 0, dtype);
  return record(recorder, EINSUM, tensors, { shape, dtype }, { equation });
}

/** Returns the size of each index in the equation. Throws if two tensors disagree. */
function indexSizes(
  tensors: readonly TensorInfo[],
  indicesOfTerms: readonly (readonly number[])[],
  equation: string,
): number[] {
  const sizes: number[] = [];
  for (const [term, indices] of indicesOfTerms.entries()) {
    const { shape } = tensors[term] ?? { shape: [] };
    if (shape.length !== indices.length) {
      throw new BackendError(
        "unsupported",
        `einsum "${equation}": term ${term} names ${indices.length} dimensions of a tensor of shape [${shape.join()}].`,
      );
    }
    for (const [axis, index] of indices.entries()) {
      const size = (sizes[index] ??= shape[axis] ?? 1);
      if (size === shape[axis]) continue;
      throw new BackendError(
        "unsupported",
        `einsum "${equation}": expected dimension ${size} at axis ${axis} of the input shaped [${shape.join()}], ` +
          `but got dimension ${shape[axis]}.`,
      );
    }
  }
  return sizes;
}

import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { kernel, operation, record } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";

const TRANSPOSE = operation(
  "Transpose",
  ({ attributes }: EmitContext<{ readonly permutation: readonly number[] }>, x) => [
    "Transpose",
    [x],
    { perm: attributes.permutation },
  ],
);

export const TRANSPOSE_KERNELS: readonly Kernel[] = [
  kernel<tf.TransposeInputs, tf.TransposeAttrs>(tf.Transpose, ({ x }, { perm }, recorder) =>
    transpose(recorder, x, perm),
  ),
];

/** Dimension `i` of the result is dimension `permutation[i]` of `x`. */
export function transpose(recorder: Recorder, x: TensorInfo, permutation: readonly number[]): TensorInfo {
  tf.util.assert(
    permutation.length === x.shape.length && x.shape.every((_, axis) => permutation.includes(axis)),
    () =>
      `transpose: [${permutation.join()}] must name each axis of a tensor of shape [${x.shape.join()}] exactly once.`,
  );
  const shape = permutation.map((axis) => x.shape[axis] ?? 1);
  if (keepsOrder(x.shape, permutation)) return recorder.alias(x, shape);
  return record(recorder, TRANSPOSE, [x], { shape, dtype: elementType(x) }, { permutation });
}

/** Whether the order in memory is unchanged, because only dimensions of size 1 move. */
function keepsOrder(shape: readonly number[], permutation: readonly number[]): boolean {
  const moved = permutation.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, index) => index === 0 || axis > (moved[index - 1] ?? -1));
}

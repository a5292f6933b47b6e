import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { kernel } from "../tools/operation.ts";

/** Kernels that only change the shape. */
export const SHAPE_KERNELS: readonly Kernel[] = [
  kernel<tf.IdentityInputs>(tf.Identity, ({ x }, _, recorder) => recorder.alias(x, x.shape)),
  kernel<tf.ReshapeInputs, tf.ReshapeAttrs>(tf.Reshape, ({ x }, { shape }, recorder) => reshape(recorder, x, shape)),
  kernel<tf.ExpandDimsInputs, tf.ExpandDimsAttrs>(tf.ExpandDims, ({ input }, { dim }, recorder) =>
    expandDims(recorder, input, dim),
  ),
];

/** One dimension may be -1; it gets the remaining size. */
function reshape(recorder: Recorder, x: TensorInfo, shape: readonly number[]): TensorInfo {
  const size = tf.util.sizeFromShape(x.shape);
  const inferred = tf.util.inferFromImplicitShape([...shape], size);
  if (tf.util.sizeFromShape(inferred) !== size) {
    throw new BackendError(
      "unsupported",
      `cannot reshape [${x.shape.join()}] with ${size} elements to [${shape.join()}].`,
    );
  }
  return recorder.alias(x, inferred);
}

/** Inserts a dimension of size 1 before `axis`. A negative axis counts from the end; -1 adds a last dimension. */
export function expandDims(recorder: Recorder, x: TensorInfo, axis: number): TensorInfo {
  const rank = x.shape.length;
  tf.util.assert(
    -rank - 1 <= axis && axis <= rank,
    () => `expandDims: axis ${axis} is not in [${-rank - 1}, ${rank}].`,
  );
  const position = axis < 0 ? rank + axis + 1 : axis;
  return recorder.alias(x, x.shape.toSpliced(position, 0, 1));
}

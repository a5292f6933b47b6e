import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { compose } from "../tools/composition.ts";
import { kernel } from "../tools/operation.ts";
import { pad } from "./pad.ts";
import { slice } from "./slice.ts";
import { transpose } from "./transpose.ts";

/** Kernels that move blocks of pixels to a different dimension, or back. */
export const BLOCK_KERNELS: readonly Kernel[] = [
  kernel<tf.SpaceToBatchNDInputs, tf.SpaceToBatchNDAttrs>(tf.SpaceToBatchND, ({ x }, attributes, recorder) =>
    spaceToBatch(recorder, x, attributes),
  ),
  kernel<tf.BatchToSpaceNDInputs, tf.BatchToSpaceNDAttrs>(tf.BatchToSpaceND, ({ x }, attributes, recorder) =>
    batchToSpace(recorder, x, attributes),
  ),
  kernel<tf.DepthToSpaceInputs, tf.DepthToSpaceAttrs>(tf.DepthToSpace, ({ x }, attributes, recorder) =>
    depthToSpace(recorder, x, attributes),
  ),
];

function spaceToBatch(recorder: Recorder, x: TensorInfo, { blockShape, paddings }: tf.SpaceToBatchNDAttrs): TensorInfo {
  const blockSize = tf.util.sizeFromShape(blockShape);
  const around = x.shape.map((_, axis): [number, number] => {
    const [before = 0, after = 0] = paddings[axis - 1] ?? [];
    return [before, after];
  });
  return compose(recorder, (inner) => {
    const padded = pad(inner, x, around);
    const cut = tf.backend_util.getReshaped(padded.shape, blockShape, blockSize, false);
    const order = tf.backend_util.getPermuted(cut.length, blockShape.length, false);
    const shape = tf.backend_util.getReshapedPermuted(padded.shape, blockShape, blockSize, false);
    return inner.alias(transpose(inner, inner.alias(padded, cut), order), shape);
  });
}

function batchToSpace(recorder: Recorder, x: TensorInfo, { blockShape, crops }: tf.BatchToSpaceNDAttrs): TensorInfo {
  const blockSize = tf.util.sizeFromShape(blockShape);
  const cut = tf.backend_util.getReshaped(x.shape, blockShape, blockSize);
  const order = tf.backend_util.getPermuted(cut.length, blockShape.length);
  const joined = tf.backend_util.getReshapedPermuted(x.shape, blockShape, blockSize);
  // Crops and block shape cover only the first axes.
  const begins = tf.backend_util.getSliceBeginCoords(crops, blockShape.length);
  const sizes = tf.backend_util.getSliceSize(joined, crops, blockShape.length);
  return compose(recorder, (inner) => {
    const whole = inner.alias(transpose(inner, inner.alias(x, cut), order), joined);
    return slice(
      inner,
      whole,
      begins,
      joined.map((length, axis) => sizes[axis] ?? length),
    );
  });
}

function depthToSpace(recorder: Recorder, x: TensorInfo, { blockSize, dataFormat }: tf.DepthToSpaceAttrs): TensorInfo {
  if (dataFormat !== "NHWC")
    throw new BackendError(
      "unsupported",
      `depthToSpace does not support the layout ${dataFormat}. Transpose to NHWC first.`,
    );
  const [batch = 0, height = 0, width = 0, depth = 0] = x.shape;
  const left = depth / blockSize ** 2;
  return compose(recorder, (inner) => {
    const blocks = inner.alias(x, [batch, height, width, blockSize, blockSize, left]);
    return inner.alias(transpose(inner, blocks, [0, 1, 3, 2, 4, 5]), [
      batch,
      height * blockSize,
      width * blockSize,
      left,
    ]);
  });
}

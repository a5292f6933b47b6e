import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../kernel.ts";
import { elementType } from "../onnx-type.ts";
import { cast } from "./cast.ts";
import { compose } from "./composition.ts";
import { matMul } from "./matmul.ts";
import { constant, kernel } from "./operation.ts";

interface Alignment {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** One axis of an image that is resized from `before` to `after` places. */
interface Axis extends Alignment {
  readonly before: number;
  readonly after: number;
}

/** How much old places count for one new place. */
type Interpolation = (axis: Axis, place: number) => readonly (readonly [oldPlace: number, weight: number])[];

export const RESIZE_KERNELS: readonly Kernel[] = [
  kernel<tf.ResizeBilinearInputs, tf.ResizeBilinearAttrs>(tf.ResizeBilinear, ({ images }, attributes, recorder) =>
    resize(recorder, images, attributes.size, bilinear, attributes),
  ),
  kernel<tf.ResizeBilinearGradInputs, tf.ResizeBilinearGradAttrs>(
    tf.ResizeBilinearGrad,
    ({ images, dy }, attributes, recorder) => gradient(recorder, dy, images, bilinear, attributes),
  ),
  kernel<tf.ResizeNearestNeighborInputs, tf.ResizeNearestNeighborAttrs>(
    tf.ResizeNearestNeighbor,
    ({ images }, attributes, recorder) =>
      compose(recorder, (inner) =>
        cast(inner, resize(inner, images, attributes.size, nearest, attributes), elementType(images)),
      ),
  ),
  kernel<tf.ResizeNearestNeighborGradInputs, tf.ResizeNearestNeighborGradAttrs>(
    tf.ResizeNearestNeighborGrad,
    ({ images, dy }, attributes, recorder) => gradient(recorder, dy, images, nearest, attributes),
  ),
];

/** Both axes are interpolated by a product with a matrix; `images` is [batch, height, width, channels]. */
function resize(
  recorder: Recorder,
  images: TensorInfo,
  [newHeight, newWidth]: readonly [number, number],
  interpolation: Interpolation,
  alignment: Alignment,
): TensorInfo {
  const [batch = 0, height = 0, width = 0, channels = 0] = images.shape;
  return compose(recorder, (inner) => {
    const rows = weights(inner, { ...alignment, before: height, after: newHeight }, interpolation);
    const columns = weights(inner, { ...alignment, before: width, after: newWidth }, interpolation);
    const pixels = inner.alias(cast(inner, images, "float32"), [batch, height, width * channels]);
    const tall = inner.alias(matMul(inner, rows, pixels), [batch * newHeight, width, channels]);
    return inner.alias(matMul(inner, columns, tall), [batch, newHeight, newWidth, channels]);
  });
}

/** The transposed products. (tfjs's cpu backend forgets `halfPixelCenters` here, and exchanges height and width.) */
function gradient(
  recorder: Recorder,
  dy: TensorInfo,
  images: TensorInfo,
  interpolation: Interpolation,
  alignment: Alignment,
): TensorInfo {
  const [batch = 0, height = 0, width = 0, channels = 0] = images.shape;
  const [, newHeight = 0, newWidth = 0] = dy.shape;
  return compose(recorder, (inner) => {
    const rows = weights(inner, { ...alignment, before: height, after: newHeight }, interpolation);
    const columns = weights(inner, { ...alignment, before: width, after: newWidth }, interpolation);
    const pixels = inner.alias(dy, [batch, newHeight, newWidth * channels]);
    const tall = inner.alias(matMul(inner, rows, pixels, { transposeA: true }), [batch * height, newWidth, channels]);
    return inner.alias(matMul(inner, columns, tall, { transposeA: true }), [batch, height, width, channels]);
  });
}

/** The matrix [after, before] of one axis. */
function weights(recorder: Recorder, axis: Axis, interpolation: Interpolation): TensorInfo {
  const values = new Float32Array(axis.after * axis.before);
  for (let place = 0; place < axis.after; place++) {
    for (const [oldPlace, weight] of interpolation(axis, place)) {
      const index = place * axis.before + oldPlace;
      values[index] = (values[index] ?? 0) + weight;
    }
  }
  return constant(recorder, values, { shape: [axis.after, axis.before], dtype: "float32" });
}

function bilinear(axis: Axis, place: number): [number, number][] {
  const half = axis.halfPixelCenters ? 0.5 : 0;
  const source = scale(axis) * (place + half) - half;
  const [left, right] = [Math.max(0, Math.floor(source)), Math.max(0, Math.min(axis.before - 1, Math.ceil(source)))];
  return [
    [left, 1 - (source - left)],
    [right, source - left],
  ];
}

function nearest(axis: Axis, place: number): [number, number][] {
  const source = scale(axis) * (place + (axis.halfPixelCenters ? 0.5 : 0));
  return [[Math.min(axis.before - 1, axis.alignCorners ? Math.round(source) : Math.floor(source)), 1]];
}

function scale({ before, after, alignCorners }: Axis): number {
  return alignCorners && after > 1 ? (before - 1) / (after - 1) : before / after;
}

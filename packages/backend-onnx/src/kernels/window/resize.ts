import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { assertShape } from "../../graph/shape-check.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { cast } from "../elementwise/cast.ts";
import { elementwise } from "../elementwise/broadcast.ts";
import { compose } from "../tools/composition.ts";
import { fill } from "../indexing/fill.ts";
import { gather } from "../indexing/gather.ts";
import { matMul } from "../matrix/matmul.ts";
import { constant, inFloat32, isEmpty, kernel, operation } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";

interface Alignment {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** One axis of an image that is resized from `before` to `after` pixels. */
interface Axis extends Alignment {
  readonly before: number;
  readonly after: number;
}

/** A new pixel: interpolated between the old pixels `first` and `second`, where `second` has the weight `weight`. */
interface InterpolatedPixel {
  readonly first: number;
  readonly second: number;
  readonly weight: number;
}

type Interpolation = (axis: Axis, place: number) => InterpolatedPixel;

/** `first + (second - first) * weight`, as in tfjs, including NaN and infinities. */
const MIX = operation(
  "ResizeMix",
  inFloat32(({ graph }: EmitContext, first, second, weight) => {
    const difference = graph.apply("Sub", [second, first]);
    return ["Add", [first, graph.apply("Mul", [difference, weight])]];
  }),
);

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

/** Resizes one axis after the other. `images` is [batch, height, width, channels]. */
function resize(
  recorder: Recorder,
  images: TensorInfo,
  [newHeight, newWidth]: readonly [number, number],
  interpolation: Interpolation,
  alignment: Alignment,
): TensorInfo {
  const [batch = 0, height = 0, width = 0, channels = 0] = images.shape;
  assertShape("Resize", [batch, newHeight, newWidth, channels]);
  return compose(recorder, (inner) => {
    const pixels = cast(inner, images, "float32");
    if (isEmpty(images.shape)) return fill(inner, [batch, newHeight, newWidth, channels], NaN, "float32");
    const wide = resizeAxis(inner, pixels, 2, { ...alignment, before: width, after: newWidth }, interpolation);
    return resizeAxis(inner, wide, 1, { ...alignment, before: height, after: newHeight }, interpolation);
  });
}

function resizeAxis(
  recorder: Recorder,
  images: TensorInfo,
  position: 1 | 2,
  axis: Axis,
  interpolation: Interpolation,
): TensorInfo {
  const mixtures = Array.from({ length: axis.after }, (_, place) => interpolation(axis, place));
  const [first, second] = (["first", "second"] as const).map((side) => {
    const places = mixtures.map((mixture) => mixture[side]);
    const indices = constant(recorder, places, { shape: [axis.after], dtype: "int32" });
    return gather(recorder, images, indices, position);
  });
  if (first === undefined || second === undefined || interpolation === nearest) return first ?? images;
  const shape = position === 1 ? [axis.after, 1, 1] : [axis.after, 1];
  const values = mixtures.map(({ weight }) => weight);
  return elementwise(
    recorder,
    MIX,
    [first, second, constant(recorder, values, { shape, dtype: "float32" })],
    "float32",
  );
}

/** The gradient of a resize. tfjs's cpu backend ignores `halfPixelCenters` here, and swaps height and width. */
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
    const { first, second, weight } = interpolation(axis, place);
    const row = place * axis.before;
    values[row + first] = (values[row + first] ?? 0) + 1 - weight;
    values[row + second] = (values[row + second] ?? 0) + weight;
  }
  return constant(recorder, values, { shape: [axis.after, axis.before], dtype: "float32" });
}

function bilinear(axis: Axis, place: number): InterpolatedPixel {
  const half = axis.halfPixelCenters ? 0.5 : 0;
  const source = scale(axis) * (place + half) - half;
  const first = Math.max(0, Math.floor(source));
  const second = Math.max(0, Math.min(axis.before - 1, Math.ceil(source)));
  return { first, second, weight: source - first };
}

function nearest(axis: Axis, place: number): InterpolatedPixel {
  const source = scale(axis) * (place + (axis.halfPixelCenters ? 0.5 : 0));
  const first = Math.min(axis.before - 1, axis.alignCorners ? Math.round(source) : Math.floor(source));
  return { first, second: first, weight: 0 };
}

function scale({ before, after, alignCorners }: Axis): number {
  return alignCorners && after > 1 ? (before - 1) / (after - 1) : before / after;
}

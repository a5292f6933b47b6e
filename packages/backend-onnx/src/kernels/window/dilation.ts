import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo, backend_util } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { ADD } from "../elementwise/arithmetic.ts";
import { elementwise } from "../elementwise/broadcast.ts";
import { cast } from "../elementwise/cast.ts";
import { compose } from "../tools/composition.ts";
import { gather } from "../indexing/gather.ts";
import { fill } from "../indexing/fill.ts";
import { longReduction } from "../reduction/long-sum.ts";
import { constant, inFloat32, isEmpty, kernel, operation, record } from "../tools/operation.ts";
import type { EmitContext } from "../tools/operation.ts";
import { pad } from "../indexing/pad.ts";
import { segmentSum } from "../indexing/scatter.ts";
import { slice } from "../indexing/slice.ts";
import { transpose } from "../indexing/transpose.ts";
import { windowOf } from "./window.ts";

/** All windows of a batch of images. */
interface Patches {
  /** Pixel plus filter weight, [batch, windows, positions in a window, channels]; minus infinity outside the image. */
  readonly sums: TensorInfo;
  /** The pixel of each window position in the padded image, row-major, int32 [windows * positions]. */
  readonly rows: TensorInfo;
  readonly paddedHeight: number;
  readonly paddedWidth: number;
}

/** tfjs's result for a window without pixels. */
const EMPTY_WINDOW = Number.MIN_SAFE_INTEGER;

const LARGEST = operation(
  "DilationLargest",
  inFloat32(({ graph }: EmitContext, sums) => {
    const found = graph.apply("ReduceMax", [comparable(graph, sums), graph.int64([2])], { keepdims: 0 });
    return ["Max", [found, graph.scalar(EMPTY_WINDOW, "float32")]];
  }),
);

/** dy [batch, windows, 1, channels] at the first position with the largest sum in each window; 0 elsewhere. */
const GRADIENT_AT_LARGEST = operation(
  "DilationGradientAtLargest",
  inFloat32(({ graph, operands: [operand] }: EmitContext, sums, dy) => {
    const places = graph.int64Scalar(operand?.shape[2] ?? 1);
    const range = graph.apply("Range", [graph.int64Scalar(0), places, graph.int64Scalar(1)]);
    const winner = graph.apply("ArgMax", [comparable(graph, sums)], { axis: 2, keepdims: 1 });
    const wins = graph.apply("Equal", [winner, graph.apply("Unsqueeze", [range, graph.int64([1])])]);
    return ["Where", [wins, dy, graph.scalar(0, "float32")]];
  }),
);

const SUM_OF_WINDOWS = operation(
  "DilationSumOfWindows",
  inFloat32(({ graph, operands: [operand] }: EmitContext, gradient) =>
    longReduction(graph, gradient, {
      operatorType: "ReduceSum",
      shape: operand?.shape ?? [],
      axes: [0, 1],
      keepDims: false,
    }),
  ),
);

/**
 * Grayscale dilation: the largest sum of pixel and filter weight in each window. Layout NHWC, filter [height, width,
 * channels].
 */
export const DILATION_KERNELS: readonly Kernel[] = [
  kernel<tf.Dilation2DInputs, tf.Dilation2DAttrs>(tf.Dilation2D, ({ x, filter }, attributes, recorder) =>
    compose(recorder, (inner) => {
      const info = dilationInfo(x, filter, attributes);
      const { sums } = patches(inner, x, filter, info);
      const [batch = 0, windows = 0, , channels = 0] = sums.shape;
      const largest = record(inner, LARGEST, [sums], { shape: [batch, windows, channels], dtype: "float32" });
      return cast(inner, inner.alias(largest, info.outShape), elementType(x));
    }),
  ),
  kernel<tf.Dilation2DBackpropFilterInputs, tf.Dilation2DAttrs>(
    tf.Dilation2DBackpropFilter,
    ({ x, filter, dy }, attributes, recorder) =>
      compose(recorder, (inner) => {
        if (isEmpty(dy.shape)) return fill(inner, filter.shape, 0, "float32");
        const { sums } = patches(inner, x, filter, dilationInfo(x, filter, attributes));
        const gradient = gradientAtLargest(inner, sums, dy);
        const [, , places = 0, channels = 0] = sums.shape;
        const sum = record(inner, SUM_OF_WINDOWS, [gradient], { shape: [places, channels], dtype: "float32" });
        return inner.alias(sum, filter.shape);
      }),
  ),
  kernel<tf.Dilation2DBackpropInputInputs, tf.Dilation2DAttrs>(
    tf.Dilation2DBackpropInput,
    ({ x, filter, dy }, attributes, recorder) =>
      compose(recorder, (inner) => {
        if (isEmpty(dy.shape)) return fill(inner, x.shape, 0, "float32");
        const info = dilationInfo(x, filter, attributes);
        const shown = patches(inner, x, filter, info);
        const gradient = gradientAtLargest(inner, shown.sums, dy);
        return addBack(inner, gradient, shown, info);
      }),
  ),
];

function dilationInfo(
  x: TensorInfo,
  filter: TensorInfo,
  { strides, pad: padding, dilations }: tf.Dilation2DAttrs,
): backend_util.Conv2DInfo {
  return tf.backend_util.computeDilation2DInfo(
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number],
    strides,
    padding,
    "NHWC",
    dilations,
  );
}

function patches(recorder: Recorder, x: TensorInfo, filter: TensorInfo, info: backend_util.Conv2DInfo): Patches {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, filterHeight, filterWidth } = info;
  const [top, left, bottom, right] = windowOf(info).pads;
  const [paddedHeight, paddedWidth] = [top + inHeight + bottom, left + inWidth + right];
  const around = [[0, 0] as const, [top, bottom] as const, [left, right] as const, [0, 0] as const];
  const padded = pad(recorder, cast(recorder, x, "float32"), around, -Infinity);

  const [windows, places] = [outHeight * outWidth, filterHeight * filterWidth];
  const rows = constant(recorder, rowsOfPlaces(info, paddedWidth), { shape: [windows * places], dtype: "int32" });
  const pixels = recorder.alias(padded, [batchSize, paddedHeight * paddedWidth, inChannels]);
  const shown = recorder.alias(gather(recorder, pixels, rows, 1), [batchSize, windows, places, inChannels]);
  const weights = recorder.alias(cast(recorder, filter, "float32"), [1, 1, places, inChannels]);
  return { sums: elementwise(recorder, ADD, [shown, weights], "float32"), rows, paddedHeight, paddedWidth };
}

function* rowsOfPlaces(info: backend_util.Conv2DInfo, paddedWidth: number): Iterable<number> {
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, filterHeight, filterWidth } = info;
  for (let y = 0; y < info.outHeight; y++)
    for (let x = 0; x < info.outWidth; x++)
      for (let row = 0; row < filterHeight; row++)
        for (let column = 0; column < filterWidth; column++)
          yield (y * strideHeight + row * dilationHeight) * paddedWidth + x * strideWidth + column * dilationWidth;
}

function gradientAtLargest(recorder: Recorder, sums: TensorInfo, dy: TensorInfo): TensorInfo {
  const [batch = 0, windows = 0, , channels = 0] = sums.shape;
  const perWindow = recorder.alias(cast(recorder, dy, "float32"), [batch, windows, 1, channels]);
  return record(recorder, GRADIENT_AT_LARGEST, [sums, perWindow], { shape: sums.shape, dtype: "float32" });
}

/** Adds the gradient of every window position to its pixel. */
function addBack(
  recorder: Recorder,
  gradient: TensorInfo,
  { rows, paddedHeight, paddedWidth }: Patches,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const [batch = 0, windows = 0, places = 0, channels = 0] = gradient.shape;
  const [top, left] = windowOf(info).pads;
  const images = recorder.alias(gradient, [batch, windows * places, channels]);
  const byPlace = recorder.alias(transpose(recorder, images, [1, 0, 2]), [windows * places, batch * channels]);
  const added = segmentSum(recorder, byPlace, rows, paddedHeight * paddedWidth);
  const byRow = recorder.alias(added, [paddedHeight * paddedWidth, batch, channels]);
  const padded = recorder.alias(transpose(recorder, byRow, [1, 0, 2]), [batch, paddedHeight, paddedWidth, channels]);
  return slice(recorder, padded, [0, top, left, 0], [batch, info.inHeight, info.inWidth, channels]);
}

/** A comparison with NaN is false, so tfjs never chooses NaN. */
function comparable(graph: EmitContext["graph"], sums: string): string {
  return graph.apply("Where", [graph.apply("IsNaN", [sums]), graph.scalar(-Infinity, "float32"), sums]);
}

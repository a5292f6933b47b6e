import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo, backend_util } from "@tensorflow/tfjs-core";
import type { GraphEmitter } from "../../graph/graph.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { compose } from "../tools/composition.ts";
import { fill } from "../indexing/fill.ts";
import { LONGEST_RUN } from "../reduction/long-sum.ts";
import { inFloat32, isEmpty, kernel, operation, record } from "../tools/operation.ts";
import type { OutputNode, EmitContext, OnnxOperation } from "../tools/operation.ts";
import { transpose } from "../indexing/transpose.ts";
import { TO_CHANNELS_FIRST, TO_CHANNELS_LAST, wanted, wholeGradient, wholeInfo, windowOf } from "./window.ts";
import type { Window } from "./window.ts";
import { addAtRows } from "../indexing/add-at.ts";

type Shape4 = [number, number, number, number];
type PoolAttributes = Omit<tf.AvgPoolAttrs, "dimRoundingMode"> & Pick<Partial<tf.AvgPoolAttrs>, "dimRoundingMode">;

/** The smallest finite float32. */
const LEAST = -3.4028234663852886e38;

const AVERAGE = operation("AvgPool", inFloat32(emitAverage));

const MAXIMUM = operation(
  "MaxPool",
  inFloat32(({ graph, attributes }: EmitContext<Window>, x) => {
    const { source, window } = padded(graph, withoutNaN(graph, x), attributes, -Infinity);
    const { size, strides, pads } = window;
    const found = graph.apply("MaxPool", [source], { kernel_shape: size, strides, pads });
    // ONNX Runtime starts from the smallest finite number, tfjs from minus infinity.
    return ["Where", [foundNothing(graph, found), graph.scalar(-Infinity, "float32"), found]];
  }),
);

/** Spreads each dy evenly over its window. As in tfjs, padding counts here, unlike in the forward pass. */
const AVERAGE_GRADIENT = operation(
  "AvgPoolGrad",
  inFloat32(({ graph, attributes }: EmitContext<Window>, dy) => {
    const { size } = attributes;
    const spread = (source: string, window: Omit<Window, "dilations">): OutputNode => {
      const [height, width] = window.size;
      const share = graph.apply("Expand", [
        graph.scalar(1 / (height * width), "float32"),
        graph.int64([1, 1, height, width]),
      ]);
      const attributes = { strides: window.strides, pads: window.pads, output_padding: window.unreached };
      return ["ConvTranspose", [source, share], attributes];
    };
    if (size[0] * size[1] <= LONGEST_RUN) return spread(dy, attributes);
    const [rows, columns] = byAxis(attributes);
    return spread(graph.apply(...spread(dy, rows)), columns);
  }),
);

/**
 * Splits a window into a window over rows and a window over columns. An average over a large window, or its gradient,
 * loses fewer digits as an average of row averages.
 */
function byAxis({ size, strides, dilations, pads, unreached }: Window): readonly [rows: Window, columns: Window] {
  const [top, left, bottom, right] = pads;
  return [
    {
      size: [size[0], 1],
      strides: [strides[0], 1],
      dilations: [dilations[0], 1],
      pads: [top, 0, bottom, 0],
      unreached: [unreached[0], 0],
    },
    {
      size: [1, size[1]],
      strides: [1, strides[1]],
      dilations: [1, dilations[1]],
      pads: [0, left, 0, right],
      unreached: [0, unreached[1]],
    },
  ];
}

/** Adds each dy at the position of its window's maximum. */
const MAXIMUM_GRADIENT = operation(
  "MaxPoolGrad",
  inFloat32(({ graph, operands, attributes, result }: EmitContext<Window>, dy, x) => {
    const [maximum, place] = [graph.temporary(), graph.temporary()];
    const { source, window, around } = padded(graph, withoutNaN(graph, x), attributes, -Infinity);
    const { size, strides, pads } = window;
    graph.node("MaxPool", [source], [maximum, place], { kernel_shape: size, strides, pads });
    const shape = result.shape.map((length, axis) => length + (around[axis] ?? 0) + (around[axis + 4] ?? 0));
    const pixels = tf.util.sizeFromShape([...shape]);
    const zeros = graph.apply("Expand", [graph.scalar(0, "float32"), graph.int64([pixels, 1])]);
    // A window without a maximum has position -1, which would be the last element.
    const rows = graph.apply("Reshape", [graph.apply("Max", [place, graph.int64Scalar(0)]), graph.int64([-1])]);
    const share = graph.apply("Where", [foundNothing(graph, maximum), graph.scalar(0, "float32"), dy]);
    const updates = graph.apply("Reshape", [share, graph.int64([-1, 1])]);
    const count = tf.util.sizeFromShape([...(operands[0]?.shape ?? [])]);
    const added = addAtRows(graph, { data: zeros, rows, updates, dtype: "float32" }, [pixels, count, 1]);
    const whole: OutputNode = ["Reshape", [added, graph.int64(shape)]];
    if (around.length === 0) return whole;
    const starts = around.slice(0, 4);
    const ends = result.shape.map((length, axis) => length + (starts[axis] ?? 0));
    return ["Slice", [graph.apply(...whole), graph.int64(starts), graph.int64(ends)]];
  }),
);

export const POOLING_KERNELS: readonly Kernel[] = [
  kernel<tf.AvgPoolInputs, tf.AvgPoolAttrs>(tf.AvgPool, ({ x }, attributes, recorder) =>
    pool(recorder, AVERAGE, x, poolInfo(x, attributes)),
  ),
  kernel<tf.MaxPoolInputs, tf.MaxPoolAttrs>(tf.MaxPool, ({ x }, attributes, recorder) =>
    maximumPool(recorder, x, poolInfo(x, attributes)),
  ),
  kernel<tf.AvgPoolGradInputs, tf.AvgPoolGradAttrs>(tf.AvgPoolGrad, ({ dy, input }, attributes, recorder) =>
    averageGradient(recorder, dy, poolInfo(input, attributes)),
  ),
  kernel<tf.MaxPoolGradInputs, tf.MaxPoolGradAttrs>(tf.MaxPoolGrad, ({ dy, input }, attributes, recorder) =>
    maximumGradient(recorder, dy, input, poolInfo(input, attributes)),
  ),
];

/** The largest element of each window. Layout NHWC. */
export function maximumPool(recorder: Recorder, x: TensorInfo, info: backend_util.Conv2DInfo): TensorInfo {
  return pool(recorder, MAXIMUM, x, info);
}

export function poolInfo(
  x: TensorInfo,
  { filterSize, strides, pad, dimRoundingMode }: PoolAttributes,
): backend_util.Conv2DInfo {
  tf.util.assert(
    x.shape.length === 4,
    () => `pooling of shape [${x.shape.join()}]: a batch of images must have four dimensions.`,
  );
  return tf.backend_util.computePool2DInfo(x.shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
}

/** An average that includes padding, divided by the same average of ones: 0 / 0 if a window contains only padding. */
function emitAverage({ graph, operands: [operand], attributes }: EmitContext<Window>, x: string): OutputNode {
  const { source, window, around } = padded(graph, x, attributes, 0);
  if (around.length === 0) return average(graph, x, window);
  const ones = graph.apply("Expand", [graph.scalar(1, "float32"), graph.int64(operand?.shape ?? [])]);
  const [sum, count] = [source, padded(graph, ones, attributes, 0).source].map((image) =>
    graph.apply(...average(graph, image, window)),
  );
  return ["Div", [sum ?? x, count ?? x]];
}

function average(graph: GraphEmitter, x: string, window: Window): OutputNode {
  const over = (source: string, { size, strides, pads }: Window): OutputNode => [
    "AveragePool",
    [source],
    { kernel_shape: size, strides, pads, count_include_pad: 0 },
  ];
  if (window.size[0] * window.size[1] <= LONGEST_RUN) return over(x, window);
  const [rows, columns] = byAxis(window);
  return over(graph.apply(...over(x, rows)), columns);
}

/** Whether a window has no maximum, because all its elements are NaN, minus infinity, or padding. */
export function foundNothing(graph: GraphEmitter, maximum: string): string {
  return graph.apply("LessOrEqual", [maximum, graph.scalar(LEAST, "float32")]);
}

/** tfjs never chooses NaN as a maximum, but ONNX Runtime would return its position. */
export function withoutNaN(graph: GraphEmitter, x: string): string {
  return graph.apply("Where", [graph.apply("IsNaN", [x]), graph.scalar(-Infinity, "float32"), x]);
}

/**
 * The image and window to pool. ONNX Runtime rejects padding that is wider than the window; such padding becomes part
 * of the image. `around` is its size in the order of ONNX's Pad.
 */
export function padded(
  graph: GraphEmitter,
  x: string,
  window: Window,
  value: number,
): { readonly source: string; readonly window: Window; readonly around: readonly number[] } {
  const [top, left, bottom, right] = window.pads;
  const [height, width] = window.size;
  if (Math.max(top, bottom) < height && Math.max(left, right) < width) return { source: x, window, around: [] };
  const around = [0, 0, top, left, 0, 0, bottom, right];
  const source = graph.apply("Pad", [x, graph.int64(around), graph.scalar(value, "float32")]);
  return { source, window: { ...window, pads: [0, 0, 0, 0] }, around };
}

function pool(
  recorder: Recorder,
  recorded: OnnxOperation<Window>,
  x: TensorInfo,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  // As in tfjs, the image is unchanged even if padding and strides would move the pixels.
  if (info.filterHeight * info.filterWidth === 1 && tf.util.arraysEqual(info.inShape, info.outShape))
    return recorder.alias(x, x.shape);
  const whole = wholeInfo(info);
  const result = {
    shape: [info.batchSize, info.outChannels, whole.outHeight, whole.outWidth],
    dtype: elementType(x),
  };
  return compose(recorder, (inner) => {
    const pooled = record(inner, recorded, [transpose(inner, x, TO_CHANNELS_FIRST)], result, windowOf(whole));
    return wanted(inner, transpose(inner, pooled, TO_CHANNELS_LAST), info);
  });
}

/** Every channel is a separate image. */
function averageGradient(recorder: Recorder, dy: TensorInfo, info: backend_util.Conv2DInfo): TensorInfo {
  if (isEmpty(dy.shape)) return fill(recorder, info.inShape, 0, "float32");
  const whole = wholeInfo(info);
  const { batchSize, inChannels, inHeight, inWidth, outHeight, outWidth } = whole;
  const images = batchSize * inChannels;
  return compose(recorder, (inner) => {
    const wholeDy = wholeGradient(inner, dy, whole);
    const channels = inner.alias(transpose(inner, wholeDy, TO_CHANNELS_FIRST), [images, 1, outHeight, outWidth]);
    const result = { shape: [images, 1, inHeight, inWidth], dtype: "float32" } as const;
    const dx = record(inner, AVERAGE_GRADIENT, [channels], result, windowOf(whole));
    return transpose(inner, inner.alias(dx, [batchSize, inChannels, inHeight, inWidth]), TO_CHANNELS_LAST);
  });
}

function maximumGradient(recorder: Recorder, dy: TensorInfo, x: TensorInfo, info: backend_util.Conv2DInfo): TensorInfo {
  if (isEmpty(dy.shape)) return fill(recorder, info.inShape, 0, "float32");
  const whole = wholeInfo(info);
  const { batchSize, inChannels, inHeight, inWidth } = whole;
  return compose(recorder, (inner) => {
    const images = [wholeGradient(inner, dy, whole), x].map((image) => transpose(inner, image, TO_CHANNELS_FIRST));
    const result = { shape: [batchSize, inChannels, inHeight, inWidth], dtype: "float32" } as const;
    return transpose(inner, record(inner, MAXIMUM_GRADIENT, images, result, windowOf(whole)), TO_CHANNELS_LAST);
  });
}

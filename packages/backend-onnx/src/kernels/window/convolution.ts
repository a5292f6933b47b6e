import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo, backend_util } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { activate } from "../elementwise/activation.ts";
import { ADD } from "../elementwise/arithmetic.ts";
import { elementwise } from "../elementwise/broadcast.ts";
import { compose } from "../tools/composition.ts";
import { fill } from "../indexing/fill.ts";
import { isEmpty, kernel } from "../tools/operation.ts";
import { isPatchwise, patchConvolution } from "./patch-convolution.ts";
import { slice } from "../indexing/slice.ts";
import { windowConvolution } from "./window-convolution.ts";

/** A convolution and its two gradients. Shapes are as in tfjs-core: filters are [height, width, in, out]. */
export interface Convolution {
  forward(recorder: Recorder, x: TensorInfo, filter: TensorInfo): TensorInfo;
  gradientOfInput(recorder: Recorder, dy: TensorInfo, filter: TensorInfo): TensorInfo;
  gradientOfFilter(recorder: Recorder, x: TensorInfo, dy: TensorInfo): TensorInfo;
}

type Shape4 = [number, number, number, number];

export const CONVOLUTION_KERNELS: readonly Kernel[] = [
  kernel<tf.Conv2DInputs, tf.Conv2DAttrs>(tf.Conv2D, ({ x, filter }, attributes, recorder) =>
    compose(recorder, (inner) => convolve(inner, x, filter, attributes)),
  ),
  kernel<tf.FusedConv2DInputs, tf.FusedConv2DAttrs>(
    tf.FusedConv2D,
    ({ x, filter, bias, preluActivationWeights }, attributes, recorder) =>
      compose(recorder, (inner) => {
        const aligned = (weights: TensorInfo): TensorInfo => alignChannels(inner, weights, attributes.dataFormat);
        const y = convolve(inner, x, filter, attributes);
        const biased = bias === undefined ? y : elementwise(inner, ADD, [y, aligned(bias)], elementType(y));
        const weights = preluActivationWeights === undefined ? undefined : aligned(preluActivationWeights);
        return activate(inner, biased, { ...attributes, preluActivationWeights: weights }) ?? biased;
      }),
  ),
  kernel<tf.Conv2DBackpropInputInputs, tf.Conv2DBackpropInputAttrs>(
    tf.Conv2DBackpropInput,
    ({ dy, filter }, { inputShape, ...attributes }, recorder) => {
      const info = convolutionInfo(inputShape, filter.shape, { ...attributes, dilations: 1 });
      if (isEmpty([...dy.shape, ...filter.shape])) return fill(recorder, inputShape, 0, "float32");
      return compose(recorder, (inner) =>
        convolution(info).gradientOfInput(inner, reachable(inner, dy, info.outShape), filter),
      );
    },
  ),
  kernel<tf.Conv2DBackpropFilterInputs, tf.Conv2DBackpropFilterAttrs>(
    tf.Conv2DBackpropFilter,
    ({ x, dy }, { filterShape, ...attributes }, recorder) => {
      const info = convolutionInfo(x.shape, filterShape, { ...attributes, dilations: 1 });
      if (isEmpty([...x.shape, ...dy.shape])) return fill(recorder, filterShape, 0, "float32");
      return compose(recorder, (inner) => convolution(info).gradientOfFilter(inner, x, dy));
    },
  ),
];

function convolve(recorder: Recorder, x: TensorInfo, filter: TensorInfo, attributes: tf.Conv2DAttrs): TensorInfo {
  const info = convolutionInfo(x.shape, filter.shape, attributes);
  if (isEmpty([...x.shape, ...filter.shape])) return fill(recorder, info.outShape, 0, "float32");
  return convolution(info).forward(recorder, x, filter);
}

/** tf.conv2dTranspose accepts a dy that is larger than the convolution's result, and uses its upper left part. */
function reachable(recorder: Recorder, dy: TensorInfo, shape: readonly number[]): TensorInfo {
  const fits = dy.shape.length === shape.length && shape.every((length, axis) => length <= (dy.shape[axis] ?? 0));
  tf.util.assert(
    fits,
    () => `dy of shape [${dy.shape.join()}] does not cover the convolution's result [${shape.join()}].`,
  );
  return slice(
    recorder,
    dy,
    shape.map(() => 0),
    shape,
  );
}

function convolution(info: backend_util.Conv2DInfo): Convolution {
  return isPatchwise(info) ? patchConvolution(info) : windowConvolution(info);
}

function convolutionInfo(
  inputShape: readonly number[],
  filterShape: readonly number[],
  { strides, dilations, pad, dimRoundingMode, dataFormat }: tf.Conv2DAttrs,
): backend_util.Conv2DInfo {
  const layout = tf.backend_util.convertConv2DDataFormat(dataFormat);
  return tf.backend_util.computeConv2DInfo(
    inputShape as Shape4,
    filterShape as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    layout,
  );
}

/** Reshapes one weight per channel for a layout with channels before rows and columns. */
function alignChannels(recorder: Recorder, weights: TensorInfo, dataFormat: "NHWC" | "NCHW"): TensorInfo {
  const [channels = 1] = weights.shape;
  const perChannel = dataFormat === "NCHW" && weights.shape.length === 1 && channels !== 1;
  return recorder.alias(weights, perChannel ? [channels, 1, 1] : weights.shape);
}

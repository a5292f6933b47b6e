import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo, backend_util } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { activate } from "../elementwise/activation.ts";
import { ADD } from "../elementwise/arithmetic.ts";
import { elementwise } from "../elementwise/broadcast.ts";
import { compose } from "../tools/composition.ts";
import { fill } from "../indexing/fill.ts";
import { emitConvolution, emitConvolutionBack } from "./grouped-convolution.ts";
import { inFloat32, isEmpty, kernel, operation, record } from "../tools/operation.ts";
import { slice } from "../indexing/slice.ts";
import { transpose } from "../indexing/transpose.ts";
import { TO_CHANNELS_FIRST, TO_CHANNELS_LAST, wanted, wholeGradient, wholeInfo, windowOf } from "./window.ts";

type Shape4 = [number, number, number, number];
type DepthwiseAttributes = Omit<tf.DepthwiseConv2dNativeAttrs, "dataFormat"> & { readonly dataFormat?: string };

/** From [height, width, channels, multiplier] to [channels, multiplier, height, width]. */
const FILTER_TO_ONNX = [2, 3, 0, 1] as const;

const CONVOLVE = operation("DepthwiseConv", inFloat32(emitConvolution));
const CONVOLVE_BACK = operation("DepthwiseConvTranspose", inFloat32(emitConvolutionBack));

/** Separate convolutions of each input channel, with `multiplier` output channels each. Layout NHWC. */
export const DEPTHWISE_CONVOLUTION_KERNELS: readonly Kernel[] = [
  kernel<tf.DepthwiseConv2dNativeInputs, tf.DepthwiseConv2dNativeAttrs>(
    tf.DepthwiseConv2dNative,
    ({ x, filter }, attributes, recorder) =>
      compose(recorder, (inner) => convolve(inner, x, filter, convolutionInfo(x.shape, filter.shape, attributes))),
  ),
  kernel<tf.FusedDepthwiseConv2DInputs, tf.FusedDepthwiseConv2DAttrs>(
    tf.FusedDepthwiseConv2D,
    ({ x, filter, bias, preluActivationWeights }, attributes, recorder) =>
      compose(recorder, (inner) => {
        const y = convolve(inner, x, filter, convolutionInfo(x.shape, filter.shape, attributes));
        const biased = bias === undefined ? y : elementwise(inner, ADD, [y, bias], elementType(y));
        return activate(inner, biased, { ...attributes, preluActivationWeights }) ?? biased;
      }),
  ),
  kernel<tf.DepthwiseConv2dNativeBackpropInputInputs, tf.DepthwiseConv2dNativeBackpropInputAttrs>(
    tf.DepthwiseConv2dNativeBackpropInput,
    ({ dy, filter }, { inputShape, ...attributes }, recorder) =>
      compose(recorder, (inner) =>
        gradientOfInput(inner, dy, filter, convolutionInfo(inputShape, filter.shape, attributes)),
      ),
  ),
  kernel<tf.DepthwiseConv2dNativeBackpropFilterInputs, tf.DepthwiseConv2dNativeBackpropFilterAttrs>(
    tf.DepthwiseConv2dNativeBackpropFilter,
    ({ x, dy }, { filterShape, ...attributes }, recorder) =>
      compose(recorder, (inner) => gradientOfFilter(inner, x, dy, convolutionInfo(x.shape, filterShape, attributes))),
  ),
];

function convolutionInfo(
  inputShape: readonly number[],
  filterShape: readonly number[],
  { strides, dilations, pad, dimRoundingMode }: DepthwiseAttributes,
): backend_util.Conv2DInfo {
  const spread = dilations ?? [1, 1];
  tf.util.assert(
    tf.backend_util.eitherStridesOrDilationsAreOne(strides, spread),
    () => `depthwiseConv2d: either strides or dilations must be 1. Got strides ${strides} and dilations ${spread}.`,
  );
  return tf.backend_util.computeConv2DInfo(
    inputShape as Shape4,
    filterShape as Shape4,
    strides,
    spread,
    pad,
    dimRoundingMode,
    true,
  );
}

function convolve(recorder: Recorder, x: TensorInfo, filter: TensorInfo, info: backend_util.Conv2DInfo): TensorInfo {
  if (isEmpty([...x.shape, ...filter.shape])) return fill(recorder, info.outShape, 0, "float32");
  const whole = wholeInfo(info);
  const { batchSize, outChannels, outHeight, outWidth } = whole;
  const inputs = [transpose(recorder, x, TO_CHANNELS_FIRST), filterToOnnx(recorder, filter, info)];
  const result = { shape: [batchSize, outChannels, outHeight, outWidth], dtype: "float32" } as const;
  const attributes = { ...windowOf(whole), group: info.inChannels };
  const y = transpose(recorder, record(recorder, CONVOLVE, inputs, result, attributes), TO_CHANNELS_LAST);
  return wanted(recorder, y, info);
}

function gradientOfInput(
  recorder: Recorder,
  dy: TensorInfo,
  filter: TensorInfo,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const { batchSize, inChannels, inHeight, inWidth } = info;
  if (isEmpty([...dy.shape, ...filter.shape])) return fill(recorder, info.inShape, 0, "float32");
  const whole = wholeInfo(info);
  const wholeDy = wholeGradient(recorder, dy, whole);
  const inputs = [transpose(recorder, wholeDy, TO_CHANNELS_FIRST), filterToOnnx(recorder, filter, info)];
  const result = { shape: [batchSize, inChannels, inHeight, inWidth], dtype: "float32" } as const;
  const attributes = { ...windowOf(whole), group: inChannels };
  return transpose(recorder, record(recorder, CONVOLVE_BACK, inputs, result, attributes), TO_CHANNELS_LAST);
}

/**
 * Computes the gradient as a convolution of `x` with `dy`: each input channel is a group, whose channels are the images
 * of the batch, and `dy` is the filter, dilated by the strides.
 */
function gradientOfFilter(
  recorder: Recorder,
  x: TensorInfo,
  dy: TensorInfo,
  info: backend_util.Conv2DInfo,
): TensorInfo {
  const whole = wholeInfo(info);
  const { batchSize, inChannels, outChannels, inHeight, inWidth, outHeight, outWidth } = whole;
  if (isEmpty([...x.shape, ...dy.shape])) return fill(recorder, info.filterShape, 0, "float32");
  const window = windowOf(whole);
  const images = recorder.alias(transpose(recorder, x, [3, 0, 1, 2]), [1, inChannels * batchSize, inHeight, inWidth]);
  const filters = recorder.alias(transpose(recorder, wholeGradient(recorder, dy, whole), [3, 0, 1, 2]), [
    outChannels,
    batchSize,
    outHeight,
    outWidth,
  ]);
  const [height = 1, width = 1] = window.size.map((size, axis) => size + (window.unreached[axis] ?? 0));
  const swept = record(
    recorder,
    CONVOLVE,
    [images, filters],
    { shape: [1, outChannels, height, width], dtype: "float32" },
    { ...window, strides: window.dilations, dilations: window.strides, group: inChannels },
  );
  const multiplier = outChannels / inChannels;
  const reached = slice(recorder, swept, [0, 0, 0, 0], [1, outChannels, ...window.size]);
  const byChannel = recorder.alias(reached, [inChannels, multiplier, ...window.size]);
  return transpose(recorder, byChannel, [2, 3, 0, 1]);
}

/** Converts to [out channels, 1, height, width]. The output channels of an input channel are contiguous. */
function filterToOnnx(recorder: Recorder, filter: TensorInfo, info: backend_util.Conv2DInfo): TensorInfo {
  const shape = [info.outChannels, 1, info.filterHeight, info.filterWidth];
  return recorder.alias(transpose(recorder, filter, FILTER_TO_ONNX), shape);
}

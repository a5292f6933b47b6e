import type { TensorInfo, backend_util } from "@tensorflow/tfjs-core";
import type { Recorder } from "../../kernel.ts";
import type { Convolution } from "./convolution.ts";
import { emitConvolution, emitConvolutionBack } from "./grouped-convolution.ts";
import { inFloat32, operation, record } from "../tools/operation.ts";
import { slice } from "../indexing/slice.ts";
import { transpose } from "../indexing/transpose.ts";
import { TO_CHANNELS_FIRST, TO_CHANNELS_LAST, wanted, wholeGradient, wholeInfo, windowOf } from "./window.ts";

/** From [height, width, in, out] to [out, in, height, width]. */
const FILTER_TO_ONNX = [3, 2, 0, 1] as const;
/** From [batch, height, width, channels] to [channels, batch, height, width]. */
const CHANNELS_AS_BATCH = [3, 0, 1, 2] as const;

const CONVOLVE = operation("Conv", inFloat32(emitConvolution));
const CONVOLVE_BACK = operation("ConvTranspose", inFloat32(emitConvolutionBack));

/** Any convolution, by ONNX Runtime's Conv and ConvTranspose. */
export function windowConvolution(asked: backend_util.Conv2DInfo): Convolution {
  const info = wholeInfo(asked);
  const window = { ...windowOf(info), group: 1 };
  const { batchSize, inChannels, outChannels, inHeight, inWidth, outHeight, outWidth } = info;
  const channelsLast = info.dataFormat === "channelsLast";
  const toOnnx = (recorder: Recorder, image: TensorInfo): TensorInfo =>
    channelsLast ? transpose(recorder, image, TO_CHANNELS_FIRST) : image;
  const fromOnnx = (recorder: Recorder, image: TensorInfo): TensorInfo =>
    channelsLast ? transpose(recorder, image, TO_CHANNELS_LAST) : image;

  return {
    forward(recorder, x, filter) {
      const inputs = [toOnnx(recorder, x), transpose(recorder, filter, FILTER_TO_ONNX)];
      const result = { shape: [batchSize, outChannels, outHeight, outWidth], dtype: "float32" } as const;
      return wanted(recorder, fromOnnx(recorder, record(recorder, CONVOLVE, inputs, result, window)), asked);
    },
    gradientOfInput(recorder, dy, filter) {
      const inputs = [toOnnx(recorder, wholeGradient(recorder, dy, info)), transpose(recorder, filter, FILTER_TO_ONNX)];
      const result = { shape: [batchSize, inChannels, inHeight, inWidth], dtype: "float32" } as const;
      return fromOnnx(recorder, record(recorder, CONVOLVE_BACK, inputs, result, window));
    },
    // Each input channel is an image with its channels as the batch. dy acts as the filter, dilated by the strides.
    gradientOfFilter(recorder, x, dy) {
      const permutation = channelsLast ? CHANNELS_AS_BATCH : [1, 0, 2, 3];
      const inputs = [x, wholeGradient(recorder, dy, info)].map((image) => transpose(recorder, image, permutation));
      const [height, width] = [0, 1].map((axis) => (window.size[axis] ?? 1) + (window.unreached[axis] ?? 0));
      const result = { shape: [inChannels, outChannels, height ?? 1, width ?? 1], dtype: "float32" } as const;
      const attributes = { ...window, strides: window.dilations, dilations: window.strides };
      const whole = record(recorder, CONVOLVE, inputs, result, attributes);
      const filter = slice(recorder, whole, [0, 0, 0, 0], [inChannels, outChannels, ...window.size]);
      return transpose(recorder, filter, [2, 3, 0, 1]);
    },
  };
}

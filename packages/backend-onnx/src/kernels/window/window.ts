import type { TensorInfo, backend_util } from "@tensorflow/tfjs-core";
import type { Recorder } from "../../kernel.ts";
import { pad } from "../indexing/pad.ts";
import { slice } from "../indexing/slice.ts";

/** A window that slides over the last two dimensions of a channels-first image, as in ONNX. */
export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Padding of the image in rows and columns. */
  readonly pads: readonly [top: number, left: number, bottom: number, right: number];
  /** Rows and columns at the bottom and right that no window covers. */
  readonly unreached: Pair;
}

type Pair = readonly [vertical: number, horizontal: number];

/** The window of a convolution or pooling, with only the padding that its output size needs. */
export function windowOf(info: backend_util.Conv2DInfo): Window {
  const { top, left } = info.padInfo;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const bottom = (info.outHeight - 1) * strideHeight + info.effectiveFilterHeight - info.inHeight - top;
  const right = (info.outWidth - 1) * strideWidth + info.effectiveFilterWidth - info.inWidth - left;
  return {
    size: [info.filterHeight, info.filterWidth],
    strides: [strideHeight, strideWidth],
    dilations: [dilationHeight, dilationWidth],
    pads: [top, left, Math.max(0, bottom), Math.max(0, right)],
    unreached: [Math.max(0, -bottom), Math.max(0, -right)],
  };
}

/** From tfjs's usual layout [batch, height, width, channels] to ONNX's [batch, channels, height, width]. */
export const TO_CHANNELS_FIRST = [0, 3, 1, 2] as const;
export const TO_CHANNELS_LAST = [0, 2, 3, 1] as const;

/**
 * The same window with the full output size that ONNX computes. If padding is one number, tfjs uses the filter height
 * and vertical stride for the width too, so its output may not cover the image.
 */
export function wholeInfo(info: backend_util.Conv2DInfo): backend_util.Conv2DInfo {
  const { pads } = windowOf(info);
  const height = info.inHeight + pads[0] + pads[2] - info.effectiveFilterHeight;
  const width = info.inWidth + pads[1] + pads[3] - info.effectiveFilterWidth;
  return {
    ...info,
    outHeight: Math.max(info.outHeight, Math.floor(height / info.strideHeight) + 1),
    outWidth: Math.max(info.outWidth, Math.floor(width / info.strideWidth) + 1),
  };
}

/** Slices the result for `whole` to the part that tfjs expects. */
export function wanted(
  recorder: Recorder,
  y: TensorInfo,
  { outHeight, outWidth, dataFormat }: backend_util.Conv2DInfo,
): TensorInfo {
  const [rows, columns] = dataFormat === "channelsLast" ? [1, 2] : [2, 3];
  const shape = y.shape.with(rows, outHeight).with(columns, outWidth);
  return slice(recorder, y, [0, 0, 0, 0], shape);
}

/** Returns the gradient of the part from {@link wanted} as a gradient of the whole result. */
export function wholeGradient(recorder: Recorder, dy: TensorInfo, whole: backend_util.Conv2DInfo): TensorInfo {
  const [rows, columns] = whole.dataFormat === "channelsLast" ? [1, 2] : [2, 3];
  const shape = dy.shape.with(rows, whole.outHeight).with(columns, whole.outWidth);
  return pad(
    recorder,
    dy,
    shape.map((length, axis) => [0, length - (dy.shape[axis] ?? 0)]),
  );
}

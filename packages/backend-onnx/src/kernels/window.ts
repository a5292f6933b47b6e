import type { backend_util } from "@tensorflow/tfjs-core";

/** A window that slides over the last two dimensions of an image in channels-first layout, in ONNX's terms. */
export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Rows and columns around the image: top, left, bottom, right. */
  readonly pads: readonly [top: number, left: number, bottom: number, right: number];
  /** Rows and columns at the bottom and right that no window reaches. */
  readonly unreached: Pair;
}

type Pair = readonly [vertical: number, horizontal: number];

/** The window of a convolution or pooling, with just the padding that its output size needs. */
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

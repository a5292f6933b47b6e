import type { TensorInfo, backend_util } from "@tensorflow/tfjs-core";
import type { Recorder } from "../../kernel.ts";
import type { Convolution } from "./convolution.ts";
import { matMul } from "../matrix/matmul.ts";
import { transpose } from "../indexing/transpose.ts";

/**
 * From [batch, row, y, column, x, channels] to [batch, row, column, y, x, channels]. The permutation is its own
 * inverse.
 */
const GATHER_PATCHES = [0, 1, 3, 2, 4, 5] as const;

/** Whether windows tile the image without overlap: patch embeddings, and convolutions of size 1. */
export function isPatchwise(info: backend_util.Conv2DInfo): boolean {
  return (
    info.dataFormat === "channelsLast" &&
    info.padInfo.top === 0 &&
    info.padInfo.left === 0 &&
    info.dilationHeight === 1 &&
    info.dilationWidth === 1 &&
    info.strideHeight === info.filterHeight &&
    info.strideWidth === info.filterWidth &&
    info.outHeight * info.filterHeight === info.inHeight &&
    info.outWidth * info.filterWidth === info.inWidth
  );
}

/** The convolution as one matrix product of patches [patches, pixels] and filter [pixels, out channels]. */
export function patchConvolution(info: backend_util.Conv2DInfo): Convolution {
  const { batchSize, outHeight, outWidth, outChannels, filterHeight, filterWidth, inChannels } = info;
  const grid = [batchSize, outHeight, outWidth, filterHeight, filterWidth, inChannels];
  const matrix = [batchSize * outHeight * outWidth, filterHeight * filterWidth * inChannels];
  const [patches = 0, pixels = 0] = matrix;

  const toPatches = (recorder: Recorder, x: TensorInfo): TensorInfo => {
    const rows = recorder.alias(
      x,
      GATHER_PATCHES.map((axis) => grid[axis] ?? 1),
    );
    return recorder.alias(transpose(recorder, rows, GATHER_PATCHES), matrix);
  };
  return {
    forward(recorder, x, filter) {
      const y = matMul(recorder, toPatches(recorder, x), recorder.alias(filter, [pixels, outChannels]));
      return recorder.alias(y, info.outShape);
    },
    gradientOfInput(recorder, dy, filter) {
      const dyMatrix = recorder.alias(dy, [patches, outChannels]);
      const dPatches = matMul(recorder, dyMatrix, recorder.alias(filter, [pixels, outChannels]), { transposeB: true });
      return recorder.alias(transpose(recorder, recorder.alias(dPatches, grid), GATHER_PATCHES), info.inShape);
    },
    gradientOfFilter(recorder, x, dy) {
      const dyMatrix = recorder.alias(dy, [patches, outChannels]);
      const dFilter = matMul(recorder, toPatches(recorder, x), dyMatrix, { transposeA: true });
      return recorder.alias(dFilter, info.filterShape);
    },
  };
}

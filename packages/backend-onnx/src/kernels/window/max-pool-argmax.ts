import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "../../kernel.ts";
import { compose } from "../tools/composition.ts";
import { computedIn, kernel, operation, record } from "../tools/operation.ts";
import type { OutputNode, EmitContext } from "../tools/operation.ts";
import { foundNothing, maximumPool, padded, poolInfo, withoutNaN } from "./pooling.ts";
import { transpose } from "../indexing/transpose.ts";
import { TO_CHANNELS_FIRST, TO_CHANNELS_LAST, wanted, wholeInfo, windowOf } from "./window.ts";
import type { Window } from "./window.ts";

interface ArgmaxAttributes extends Window {
  readonly includeBatchInIndex: boolean;
}

const ARGMAX = operation("MaxPoolArgmax", computedIn("float32", emitArgmax, "int64"));

/** Maxima and their int32 positions in the flattened image [height, width, channels], or in the flattened batch. */
export const MAX_POOL_ARGMAX_KERNELS: readonly Kernel[] = [
  kernel<tf.MaxPoolWithArgmaxInputs, tf.MaxPoolWithArgmaxAttrs>(
    tf.MaxPoolWithArgmax,
    ({ x }, { includeBatchInIndex, ...attributes }, recorder) => {
      const info = poolInfo(x, attributes);
      const places = compose(recorder, (inner) => {
        const whole = wholeInfo(info);
        const result = {
          shape: [info.batchSize, info.outChannels, whole.outHeight, whole.outWidth],
          dtype: "int32",
        } as const;
        const image = transpose(inner, x, TO_CHANNELS_FIRST);
        const found = record(inner, ARGMAX, [image], result, { ...windowOf(whole), includeBatchInIndex });
        return wanted(inner, transpose(inner, found, TO_CHANNELS_LAST), info);
      });
      return [maximumPool(recorder, x, info), places];
    },
  ),
];

/**
 * Converts ONNX's position in [batch, channels, height, width], including padding, to tfjs's position; -1 if there is
 * none.
 */
function emitArgmax({ graph, operands: [operand], attributes }: EmitContext<ArgmaxAttributes>, x: string): OutputNode {
  const [, channels = 1, height = 1, width = 1] = operand?.shape ?? [];
  const { source, window, around } = padded(graph, withoutNaN(graph, x), attributes, -Infinity);
  const [maximum, place] = [graph.temporary(), graph.temporary()];
  graph.node("MaxPool", [source], [maximum, place], {
    kernel_shape: window.size,
    strides: window.strides,
    pads: window.pads,
  });
  const [top = 0, left = 0, bottom = 0, right = 0] = [around[2], around[3], around[6], around[7]];
  const [fullHeight, fullWidth] = [height + top + bottom, width + left + right];
  const calculate = (operatorType: string, left: string, right: number): string =>
    graph.apply(operatorType, [left, graph.int64Scalar(right)]);

  const rest = calculate("Div", place, fullWidth);
  const column = calculate("Sub", calculate("Mod", place, fullWidth), left);
  const row = calculate("Sub", calculate("Mod", rest, fullHeight), top);
  const image = calculate("Div", rest, fullHeight);
  const channel = calculate("Mod", image, channels);
  const batch = calculate("Mul", calculate("Div", image, channels), attributes.includeBatchInIndex ? height : 0);
  const rows = calculate("Mul", graph.apply("Add", [batch, row]), width);
  const pixels = calculate("Mul", graph.apply("Add", [rows, column]), channels);
  return ["Where", [foundNothing(graph, maximum), graph.int64Scalar(-1), graph.apply("Add", [pixels, channel])]];
}

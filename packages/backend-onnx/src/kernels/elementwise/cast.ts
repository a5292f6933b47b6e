import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { ElementType } from "../../graph/graph.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { elementwise } from "./broadcast.ts";
import { castNode } from "../tools/conversion.ts";
import { kernel, operation } from "../tools/operation.ts";

const CAST = operation("Cast", ({ graph, operands: [source], result }, x) =>
  castNode(graph, x, source?.dtype ?? result.dtype, result.dtype),
);

export const CAST_KERNELS: readonly Kernel[] = [
  kernel<tf.CastInputs, tf.CastAttrs>(tf.Cast, ({ x }, { dtype }, recorder) =>
    cast(recorder, x, elementType({ dtype })),
  ),
];

/** Converts `x` to a dtype. Floats are truncated to int32. Any number except 0 becomes true. */
export function cast(recorder: Recorder, x: TensorInfo, dtype: ElementType): TensorInfo {
  return elementType(x) === dtype ? recorder.alias(x, x.shape) : elementwise(recorder, CAST, [x], dtype);
}

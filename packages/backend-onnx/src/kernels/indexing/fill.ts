import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { ElementType } from "../../graph/graph.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { assertShape } from "../../graph/shape-check.ts";
import { sizeOf } from "../../memory/storage.ts";
import { expand } from "../elementwise/broadcast.ts";
import { compose } from "../tools/composition.ts";
import { constant, kernel, operation, record } from "../tools/operation.ts";

// Only 0 and 1 are constants of graphs. Any other value may change with every step, so it is an input.
const ZERO = operation("Zero", ({ graph, result }) => ["Identity", [graph.scalar(0, result.dtype)]]);
const ONE = operation("One", ({ graph, result }) => ["Identity", [graph.scalar(1, result.dtype)]]);

export const FILL_KERNELS: readonly Kernel[] = [
  kernel<object, tf.FillAttrs>(tf.Fill, (_, { shape, value, dtype }, recorder) => {
    const type = elementType({ dtype: dtype || (typeof value === "string" ? "string" : "float32") });
    return fill(recorder, shape, Number(value), type);
  }),
  kernel<tf.ZerosLikeInputs>(tf.ZerosLike, ({ x }, _, recorder) => fill(recorder, x.shape, 0, elementType(x))),
  kernel<tf.OnesLikeInputs>(tf.OnesLike, ({ x }, _, recorder) => fill(recorder, x.shape, 1, elementType(x))),
  kernel<object, tf.RangeAttrs>(tf.Range, (_, { start, stop, step, dtype }, recorder) =>
    sequence(recorder, rangeLength(start, stop, step), dtype, start, rangeStep(start, stop, step)),
  ),
  kernel<object, tf.LinSpaceAttrs>(tf.LinSpace, (_, { start, stop, num }, recorder) =>
    sequence(recorder, num, "float32", start, (stop - start) / (num - 1)),
  ),
];

/**
 * Maximum number of elements of a constant. ONNX Runtime folds constants and keeps them in the session, so larger
 * tensors must depend on an input.
 */
const LARGEST_CONSTANT = 4096;

/** Returns a tensor of one repeated value. */
export function fill(recorder: Recorder, shape: readonly number[], value: number, dtype: ElementType): TensorInfo {
  const isConstant = (value === 0 || value === 1) && sizeOf(shape) <= LARGEST_CONSTANT;
  return compose(recorder, (inner) => expand(inner, scalar(inner, value, dtype, isConstant), shape));
}

function scalar(recorder: Recorder, value: number, dtype: ElementType, isConstant: boolean): TensorInfo {
  if (isConstant) return record(recorder, value === 0 ? ZERO : ONE, [], { shape: [], dtype });
  return constant(recorder, [value], { shape: [], dtype });
}

function sequence(recorder: Recorder, length: number, dtype: ElementType, start: number, step: number): TensorInfo {
  assertShape("Range", [length]);
  const result = { shape: [length], dtype };
  const values = dtype === "float32" ? new Float32Array(length) : new Int32Array(length);
  for (let index = 0; index < length; index++) values[index] = index === 0 ? start : start + index * step;
  return dtype === "bool" ? constant(recorder, values, result) : recorder.constant(values, result);
}

/** tfjs negates a step of 1 that leads away from `stop`; for any other such step the result is empty. */
function rangeLength(start: number, stop: number, step: number): number {
  const away = (start < stop && step < 0) || (stop < start && step > 1);
  return start === stop || away ? 0 : Math.abs(Math.ceil((stop - start) / step));
}

function rangeStep(start: number, stop: number, step: number): number {
  return stop < start && step === 1 ? -1 : step;
}

import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { gather } from "./gather.ts";
import { constant, kernel } from "../tools/operation.ts";

/** The distinct slices along an axis, in order of first appearance, and the index of each slice among them. */
export const UNIQUE_KERNELS: readonly Kernel[] = [
  kernel<tf.UniqueInputs, tf.UniqueAttrs>(tf.Unique, ({ x }, { axis }, recorder) => {
    elementType(x);
    const [position = 0] = tf.util.parseAxisParam(axis, x.shape);
    return unique(recorder, x, position);
  }),
];

/** Reads the data, because the shape of the result depends on it. */
function unique(recorder: Recorder, x: TensorInfo, axis: number): TensorInfo[] {
  const known = new Map<string | number, number>();
  const firsts: number[] = [];
  const numbers = keysAlong(x, recorder.readSync(x.dataId), axis).map((key, index) => {
    const number = known.get(key);
    if (number !== undefined) return number;
    known.set(key, firsts.length);
    return firsts.push(index) - 1;
  });
  const chosen = constant(recorder, firsts, { shape: [firsts.length], dtype: "int32" });
  const values = gather(recorder, x, chosen, axis);
  recorder.disposeIntermediate(chosen);
  return [values, constant(recorder, numbers, { shape: [numbers.length], dtype: "int32" })];
}

/** Returns a key for each slice. Equal slices have equal keys; NaN equals NaN, and -0 equals 0. */
function keysAlong({ shape }: TensorInfo, elements: ArrayLike<number>, axis: number): (string | number)[] {
  const length = shape[axis] ?? 0;
  const [before, after] = [tf.util.sizeFromShape(shape.slice(0, axis)), tf.util.sizeFromShape(shape.slice(axis + 1))];
  if (before * after === 1) return Array.from(elements);
  return Array.from({ length }, (_, index) => {
    const parts: number[] = [];
    for (let outer = 0; outer < before; outer++)
      for (let inner = 0; inner < after; inner++) parts.push(elements[(outer * length + index) * after + inner] ?? NaN);
    return parts.join();
  });
}

import * as tf from "@tensorflow/tfjs-core";
import type { GraphEmitter } from "../graph.ts";
import type { Kernel } from "../kernel.ts";
import { elementType, type OnnxType } from "../onnx-type.ts";
import { convert } from "./conversion.ts";
import { computedIn, kernel, numberType, operation, record } from "./operation.ts";
import type { OnnxCall, Writing } from "./operation.ts";

interface CumulativeAttributes {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** Real numbers as float64: products are taken in another order than tfjs does, and must not overflow for that. */
const computeType = (operands: Writing["operands"]): OnnxType =>
  numberType(operands) === "int32" ? "int32" : "float64";

const CUMPROD = operation("Cumprod", computedIn(computeType, writeCumulativeProduct));

export const CUMULATIVE_PRODUCT_KERNELS: readonly Kernel[] = [
  kernel<tf.CumprodInputs, tf.CumprodAttrs>(tf.Cumprod, ({ x }, { axis, exclusive, reverse }, recorder) => {
    const [position = 0] = tf.util.parseAxisParam(axis, x.shape);
    const result = { shape: x.shape, dtype: numberType([{ dtype: elementType(x) }]) };
    return record(recorder, CUMPROD, [x], result, { axis: position, exclusive, reverse });
  }),
];

/** Multiplies with what lies 1, 2, 4, ... places before: after as many steps as the length has bits, all are in. */
function writeCumulativeProduct(
  { graph, operands, result, attributes }: Writing<CumulativeAttributes>,
  x: string,
): OnnxCall {
  const type = computeType(operands);
  const one = type === "int32" ? graph.scalar(1, type) : convert(graph, graph.scalar(1, "float32"), "float32", type);
  const length = result.shape[attributes.axis] ?? 1;
  const shift = (name: string, places: number): string =>
    shifted(graph, name, one, {
      axis: attributes.axis,
      rank: result.shape.length,
      length,
      places,
      back: attributes.reverse,
    });
  let product = attributes.exclusive ? shift(x, 1) : x;
  for (let places = 1; places < length; places *= 2) product = graph.apply("Mul", [product, shift(product, places)]);
  return ["Identity", [product]];
}

interface Shift {
  readonly axis: number;
  readonly rank: number;
  readonly length: number;
  readonly places: number;
  readonly back: boolean;
}

/** Moves elements towards the end of the axis (`back`: towards its beginning); ones come after them. */
function shifted(graph: GraphEmitter, x: string, one: string, { axis, rank, length, places, back }: Shift): string {
  const kept = Math.max(0, length - places);
  const [start, end] = back ? [length - kept, length] : [0, kept];
  const [starts, ends, axes] = [start, end, axis].map((value) => graph.int64([value]));
  const part = graph.apply("Slice", [x, starts ?? x, ends ?? x, axes ?? x]);
  const around = Array.from({ length: 2 * rank }, (_, place) =>
    place === axis + (back ? rank : 0) ? length - kept : 0,
  );
  return graph.apply("Pad", [part, graph.int64(around), one]);
}

import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "../../kernel.ts";
import { elementType, type OnnxType } from "../../graph/onnx-type.ts";
import { convert } from "../tools/conversion.ts";
import { scan, type CumulativeAttributes } from "./cumulative-scan.ts";
import { assertShortProduct } from "../matrix/product-length.ts";
import { computedIn, kernel, numberType, operation, record } from "../tools/operation.ts";
import type { OutputNode, EmitContext } from "../tools/operation.ts";

/** Floats are multiplied in float64. The order differs from tfjs's and must not cause an overflow. */
const computeType = (operands: EmitContext["operands"]): OnnxType =>
  numberType(operands) === "int32" ? "int32" : "float64";

const CUMPROD = operation("Cumprod", computedIn(computeType, emitCumulativeProduct));

export const CUMULATIVE_PRODUCT_KERNELS: readonly Kernel[] = [
  kernel<tf.CumprodInputs, tf.CumprodAttrs>(tf.Cumprod, ({ x }, { axis, exclusive, reverse }, recorder) => {
    const [position = 0] = tf.util.parseAxisParam(axis, x.shape);
    const result = { shape: x.shape, dtype: numberType([{ dtype: elementType(x) }]) };
    return record(recorder, CUMPROD, [x], result, { axis: position, exclusive, reverse });
  }),
];

function emitCumulativeProduct(
  { graph, operands, result, attributes }: EmitContext<CumulativeAttributes>,
  x: string,
): OutputNode {
  const type = computeType(operands);
  if (!graph.float64 && type !== "int32") assertShortProduct("cumprod", result.shape[attributes.axis] ?? 1);
  const one = type === "int32" ? graph.scalar(1, type) : convert(graph, graph.scalar(1, "float32"), "float32", type);
  return scan(graph, x, { operatorType: "Mul", neutral: one, shape: result.shape, ...attributes });
}

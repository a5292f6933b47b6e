import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GraphEmitter } from "../../graph/graph.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { longReduction } from "./long-sum.ts";
import { inFloat32, kernel, operation, record } from "../tools/operation.ts";
import type { OutputNode, EmitContext, OnnxOperation } from "../tools/operation.ts";

interface AxisAttribute {
  readonly axis: number;
}

/** Number of terms beyond which the error of ONNX Runtime's kernels exceeds 2e-5. */
const LONGEST_SUM = 2 ** 18;

const SOFTMAX = normalization("Softmax");
const LOG_SOFTMAX = normalization("LogSoftmax");

export const SOFTMAX_KERNELS: readonly Kernel[] = [
  kernel<tf.SoftmaxInputs, tf.SoftmaxAttrs>(tf.Softmax, ({ logits }, { dim }, recorder) =>
    normalize(recorder, SOFTMAX, logits, dim),
  ),
  kernel<tf.LogSoftmaxInputs, tf.LogSoftmaxAttrs>(tf.LogSoftmax, ({ logits }, { axis }, recorder) =>
    normalize(recorder, LOG_SOFTMAX, logits, axis),
  ),
];

export function softmax(recorder: Recorder, logits: TensorInfo): TensorInfo {
  return normalize(recorder, SOFTMAX, logits, -1);
}

function normalization(operatorType: "Softmax" | "LogSoftmax"): OnnxOperation<AxisAttribute> {
  return operation(
    operatorType,
    inFloat32(({ graph, operands: [operand], attributes }: EmitContext<AxisAttribute>, x) => {
      const shape = operand?.shape ?? [];
      const axis = attributes.axis < 0 ? attributes.axis + shape.length : attributes.axis;
      if ((shape[axis] ?? 1) <= LONGEST_SUM) return [operatorType, [x], { axis }];
      return longNormalization(graph, operatorType, x, { shape, axis });
    }),
  );
}

/** A softmax of long rows from other operators. ONNX Runtime's kernel adds the exponentials one at a time. */
function longNormalization(
  graph: GraphEmitter,
  operatorType: "Softmax" | "LogSoftmax",
  x: string,
  { shape, axis }: { readonly shape: readonly number[]; readonly axis: number },
): OutputNode {
  const largest = graph.apply("ReduceMax", [x, graph.int64([axis])], { keepdims: 1 });
  const shifted = graph.apply("Sub", [x, largest]);
  const exponentials = graph.apply("Exp", [shifted]);
  const sums = graph.apply(
    ...longReduction(graph, exponentials, { operatorType: "ReduceSum", shape, axes: [axis], keepDims: true }),
  );
  return operatorType === "Softmax" ? ["Div", [exponentials, sums]] : ["Sub", [shifted, graph.apply("Log", [sums])]];
}

function normalize(
  recorder: Recorder,
  recorded: OnnxOperation<AxisAttribute>,
  logits: TensorInfo,
  axis: number,
): TensorInfo {
  const { shape } = logits;
  // A scalar is a vector of one element.
  const source = shape.length === 0 ? recorder.alias(logits, [1]) : logits;
  const result = record(recorder, recorded, [source], { shape: source.shape, dtype: "float32" }, { axis });
  if (source === logits) return result;
  const scalar = recorder.alias(result, shape);
  for (const intermediate of [source, result]) recorder.disposeIntermediate(intermediate);
  return scalar;
}

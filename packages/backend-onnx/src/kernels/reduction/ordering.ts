import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { GraphEmitter, Operation } from "../../graph/graph.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { ONNX_TYPES, elementType } from "../../graph/onnx-type.ts";
import { fill } from "../indexing/fill.ts";
import { convert } from "../tools/conversion.ts";
import { scan, type CumulativeAttributes } from "./cumulative-scan.ts";
import { LONGEST_RUN } from "./long-sum.ts";
import { computedIn, inFloat64, inNumber, isEmpty, kernel, numberType, operation, record } from "../tools/operation.ts";
import type { OutputNode, EmitContext, OnnxOperation } from "../tools/operation.ts";

interface AxisAttribute {
  readonly axis: number;
}

const ARG_MAX = argReduction("ArgMax");
const ARG_MIN = argReduction("ArgMin");

/**
 * Long sums of floats use float64, or a scan in blocks without float64. The rounding errors of a plain float32 sum
 * would accumulate along the axis.
 */
const CUMSUM = operation("Cumsum", (context: EmitContext<CumulativeAttributes>, x) => {
  const { graph, operands, attributes } = context;
  const [operand] = operands;
  const long = operand?.dtype === "float32" && (operand.shape[attributes.axis] ?? 0) > LONGEST_RUN;
  if (!long) return inNumber(cumulativeSum)(context, x);
  if (graph.float64) return inFloat64(cumulativeSum)(context, x);
  const zero = graph.scalar(0, "float32");
  return scan(graph, x, { operatorType: "Add", neutral: zero, shape: operand.shape, ...attributes });
});

/** Values in descending order and their int32 positions. Equal values keep their order, and NaN comes last. */
const TOP_K: Operation = {
  name: "TopK",
  emit(graph, [x = ""], [values = "", positions = ""], { inputs: [operand], outputs: [result] }) {
    const dtype = operand?.dtype ?? "float32";
    const type = numberType([{ dtype }]);
    const [best, places] = [graph.temporary(), graph.temporary()];
    const k = graph.int64([result?.shape.at(-1) ?? 0]);
    const numbers = type === "float32" ? withoutNaN(graph, x, -Infinity) : convert(graph, x, dtype, type);
    graph.node("TopK", [numbers, k], [best, places], { axis: -1 });
    graph.node("GatherElements", [x, places], [values], { axis: -1 });
    graph.node("Cast", [places], [positions], { to: ONNX_TYPES.int32 });
  },
};

export const ORDERING_KERNELS: readonly Kernel[] = [
  kernel<tf.ArgMaxInputs, tf.ArgMaxAttrs>(tf.ArgMax, ({ x }, { axis }, recorder) =>
    argReduce(recorder, ARG_MAX, x, axis),
  ),
  kernel<tf.ArgMinInputs, tf.ArgMinAttrs>(tf.ArgMin, ({ x }, { axis }, recorder) =>
    argReduce(recorder, ARG_MIN, x, axis),
  ),
  kernel<tf.CumsumInputs, tf.CumsumAttrs>(tf.Cumsum, ({ x }, { axis, exclusive, reverse }, recorder) => {
    const [position = 0] = tf.util.parseAxisParam(axis, x.shape);
    const result = { shape: x.shape, dtype: numberType([{ dtype: elementType(x) }]) };
    return record(recorder, CUMSUM, [x], result, { axis: position, exclusive, reverse });
  }),
  kernel<tf.TopKInputs, tf.TopKAttrs>(tf.TopK, ({ x }, { k }, recorder) => {
    const shape = [...x.shape.slice(0, -1), k];
    const types = [elementType(x), "int32" as const];
    if (isEmpty(shape)) return types.map((dtype) => fill(recorder, shape, 0, dtype));
    return recorder.recordAll(
      TOP_K,
      [x],
      types.map((dtype) => ({ shape, dtype })),
    );
  }),
];

function cumulativeSum(
  { graph, attributes: { axis, exclusive, reverse } }: EmitContext<CumulativeAttributes>,
  x = "",
): OutputNode {
  return ["CumSum", [x, graph.int64Scalar(axis)], { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 }];
}

function argReduction(operatorType: string): OnnxOperation<AxisAttribute> {
  return operation(
    operatorType,
    computedIn(
      numberType,
      (context: EmitContext<AxisAttribute>, x) => {
        const { axis } = context.attributes;
        const attributes = { axis, keepdims: 0 };
        if (numberType(context.operands) === "int32") return [operatorType, [x], attributes];
        const worst = operatorType === "ArgMax" ? -Infinity : Infinity;
        const found = context.graph.apply(operatorType, [withoutNaN(context.graph, x, worst)], attributes);
        return firstIfNaN(context, x, found);
      },
      "int64",
    ),
  );
}

/** Replaces NaN with `worst`. A comparison with NaN is false, so tfjs never chooses a NaN after the first element. */
function withoutNaN(graph: GraphEmitter, x: string, worst: number): string {
  return graph.apply("Where", [graph.apply("IsNaN", [x]), graph.scalar(worst, "float32"), x]);
}

/** Chooses position 0 if the first element is NaN, because tfjs keeps a NaN that comes first. */
function firstIfNaN({ graph, attributes: { axis } }: EmitContext<AxisAttribute>, x: string, found: string): OutputNode {
  const first = graph.apply("Gather", [x, graph.int64Scalar(0)], { axis });
  return ["Where", [graph.apply("IsNaN", [first]), graph.int64Scalar(0), found]];
}

/** The position of the first greatest or least element along an axis. */
function argReduce(
  recorder: Recorder,
  recorded: OnnxOperation<AxisAttribute>,
  x: TensorInfo,
  axis: number,
): TensorInfo {
  const [position = 0] = tf.util.parseAxisParam(axis, x.shape);
  const shape = x.shape.toSpliced(position, 1);
  // For an empty axis, tfjs returns 0.
  if (isEmpty(x.shape)) return fill(recorder, shape, 0, "int32");
  return record(recorder, recorded, [x], { shape, dtype: "int32" }, { axis: position });
}

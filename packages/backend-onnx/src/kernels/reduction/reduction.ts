import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { ElementType } from "../../graph/graph.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { cast } from "../elementwise/cast.ts";
import { fill } from "../indexing/fill.ts";
import { assertShortProduct } from "../matrix/product-length.ts";
import { longReduction } from "./long-sum.ts";
import { computedIn, inFloat32, inNumber, isEmpty, kernel, numberType, operation, record } from "../tools/operation.ts";
import type { OutputNode, EmitNodes, OnnxOperation } from "../tools/operation.ts";

interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/**
 * A reduction: its operation, the dtype of its result, and its value for an empty tensor (as in tfjs's cpu backend).
 */
interface Reduction {
  readonly operation: OnnxOperation<ReduceAttributes>;
  readonly dtype: (dtype: ElementType) => ElementType;
  readonly ofNothing: number;
}

const SUM = reduction("Sum", added, countDtype, 0);
// Integers use int64. Its low half is the int32 product with wrap-around; ONNX Runtime's int32 product saturates.
const PROD = reduction(
  "Prod",
  computedIn((operands) => (numberType(operands) === "float32" ? "float64" : "int64"), multiplied),
  countDtype,
  1,
);
const MEAN = reduction("Mean", inFloat32(longReduced("ReduceMean")), () => "float32", 0);
const MAX = reduction("Max", inNumber(extreme("ReduceMax")), sameDtype, NaN);
const MIN = reduction("Min", inNumber(extreme("ReduceMin")), sameDtype, NaN);
const ALL = reduction("All", computedIn("int32", reduced("ReduceMin")), () => "bool", 0);
const ANY = reduction("Any", computedIn("int32", reduced("ReduceMax")), () => "bool", 0);

export const REDUCTION_KERNELS: readonly Kernel[] = [
  kernel<tf.SumInputs, tf.SumAttrs>(tf.Sum, ({ x }, { axis, keepDims }, recorder) =>
    reduce(recorder, SUM, x, axis, keepDims),
  ),
  kernel<tf.ProdInputs, tf.ProdAttrs>(tf.Prod, ({ x }, { axis, keepDims }, recorder) =>
    reduce(recorder, PROD, x, axis, keepDims),
  ),
  kernel<tf.MeanInputs, tf.MeanAttrs>(tf.Mean, ({ x }, { axis, keepDims }, recorder) =>
    reduce(recorder, MEAN, x, axis, keepDims),
  ),
  kernel<tf.MaxInputs, tf.MaxAttrs>(tf.Max, ({ x }, { reductionIndices, keepDims }, recorder) =>
    reduce(recorder, MAX, x, reductionIndices, keepDims),
  ),
  kernel<tf.MinInputs, tf.MinAttrs>(tf.Min, ({ x }, { axis, keepDims }, recorder) =>
    reduce(recorder, MIN, x, axis, keepDims),
  ),
  kernel<tf.AllInputs, tf.AllAttrs>(tf.All, ({ x }, { axis, keepDims }, recorder) =>
    reduce(recorder, ALL, x, axis, keepDims),
  ),
  kernel<tf.AnyInputs, tf.AnyAttrs>(tf.Any, ({ x }, { axis, keepDims }, recorder) =>
    reduce(recorder, ANY, x, axis, keepDims),
  ),
];

function reduction(
  name: string,
  emitNodes: EmitNodes<ReduceAttributes>,
  dtype: Reduction["dtype"],
  ofNothing: number,
): Reduction {
  return { operation: operation(name, emitNodes), dtype, ofNothing };
}

function sameDtype(dtype: ElementType): ElementType {
  return dtype;
}

/** Returns the dtype of a sum or product. A sum of booleans is a count, so it is int32. */
function countDtype(dtype: ElementType): ElementType {
  return dtype === "float32" ? "float32" : "int32";
}

function reduce(
  recorder: Recorder,
  { operation: recorded, dtype: dtypeOf, ofNothing }: Reduction,
  x: TensorInfo,
  axis: number | number[],
  keepDims: boolean,
): TensorInfo {
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const [shape] = tf.backend_util.computeOutAndReduceShapes(x.shape, axes);
  const resultShape = keepDims ? tf.backend_util.expandShapeToKeepDim(shape, axes) : shape;
  const dtype = dtypeOf(elementType(x));
  if (axes.length === 0) return cast(recorder, x, dtype);
  if (isEmpty(x.shape) && !isEmpty(resultShape)) return fill(recorder, resultShape, ofNothing, dtype);
  return record(recorder, recorded, [x], { shape: resultShape, dtype }, { axes, keepDims });
}

function reduced(operatorType: string): EmitNodes<ReduceAttributes> {
  return ({ graph, attributes: { axes, keepDims } }, x) => [
    operatorType,
    [x, graph.int64(axes)],
    { keepdims: keepDims ? 1 : 0 },
  ];
}

/**
 * Integers are added in int64; the low half of the sum is the int32 sum with wrap-around. ONNX Runtime's int32 sums
 * saturate for some shapes.
 */
function added(...[context, x = ""]: Parameters<EmitNodes<ReduceAttributes>>): OutputNode {
  const { graph, operands } = context;
  if (numberType(operands) === "float32") return longReduced("ReduceSum")(context, x);
  if (!graph.float64) return inNumber(reduced("ReduceSum"))(context, x);
  return computedIn("int64", reduced("ReduceSum"))(context, x);
}

function multiplied(...[context, x = ""]: Parameters<EmitNodes<ReduceAttributes>>): OutputNode {
  const { graph, operands, attributes } = context;
  const shape = operands[0]?.shape ?? [];
  const count = attributes.axes.reduce((product, axis) => product * (shape[axis] ?? 1), 1);
  if (!graph.float64 && numberType(operands) === "float32") assertShortProduct("prod", count);
  return reduced("ReduceProd")(context, x);
}

function longReduced(operatorType: "ReduceSum" | "ReduceMean"): EmitNodes<ReduceAttributes> {
  return ({ graph, operands, attributes }, x = "") =>
    longReduction(graph, x, { operatorType, shape: operands[0]?.shape ?? [], ...attributes });
}

/** A factor that scales any numbers so that their sum does not overflow. */
const TINY = 2 ** -100;

/**
 * ONNX Runtime loses NaN among other numbers. A sum of scaled numbers cannot overflow, so it is NaN only if one of them
 * is NaN.
 */
function extreme(operatorType: "ReduceMax" | "ReduceMin"): EmitNodes<ReduceAttributes> {
  return (context, x) => {
    const { graph, operands } = context;
    const call = reduced(operatorType)(context, x);
    if (numberType(operands) === "int32") return call;
    const found = graph.apply(...call);
    const sumOf = (numbers: string): string => graph.apply(...reduced("ReduceSum")(context, numbers));
    if (graph.float64) {
      const [low, high] = [graph.scalar(-1, "float32"), graph.scalar(1, "float32")];
      const sum = sumOf(graph.apply("Clip", [x, low, high]));
      return ["Where", [graph.apply("IsNaN", [sum]), sum, found]];
    }
    // A GPU's Min and Max may lose NaN. Opposite infinities also sum to NaN, but then one of them is the extreme.
    const sum = sumOf(graph.apply("Mul", [x, graph.scalar(TINY, "float32")]));
    const lost = graph.apply("And", [graph.apply("IsNaN", [sum]), graph.apply("Not", [graph.apply("IsInf", [found])])]);
    return ["Where", [lost, sum, found]];
  };
}

import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { elementwise } from "./broadcast.ts";
import { convert } from "../tools/conversion.ts";
import {
  computedIn,
  inFloat32,
  inFloat64,
  inNumber,
  kernel,
  numberType,
  onnxNode,
  operation,
} from "../tools/operation.ts";
import type { OutputNode, EmitNodes, EmitContext, OnnxOperation } from "../tools/operation.ts";

/** Functions of one tensor with the same name in ONNX, computed in float32. */
const SAME_IN_ONNX = [
  tf.Acos,
  tf.Acosh,
  tf.Asin,
  tf.Asinh,
  tf.Atan,
  tf.Atanh,
  tf.Ceil,
  tf.Cos,
  tf.Cosh,
  tf.Erf,
  tf.Floor,
  tf.Log,
  tf.Reciprocal,
  tf.Sin,
  tf.Sinh,
  tf.Sqrt,
  tf.Tanh,
] as const;

const ROUND = operation(tf.Round, onnxNode(tf.Round));

/** The exponential, the only function whose result in tfjs is always float32. */
const EXP = operation(tf.Exp, computedIn(exactForIntegers, onnxNode(tf.Exp)));

/** For `|x|` above this, `log(1 + x)` and `exp(x) - 1` in float64 have float32 accuracy. */
const SERIES_BELOW = 1e-5;

export const UNARY_KERNELS: readonly Kernel[] = [
  ...SAME_IN_ONNX.map((name) => unary(name, operation(name, inFloat32(onnxNode(name))))),
  kernel<tf.ExpInputs>(tf.Exp, ({ x }, _, recorder) => elementwise(recorder, EXP, [x], "float32")),
  kernel<tf.RoundInputs>(tf.Round, ({ x }, _, recorder) =>
    elementType(x) === "float32" ? elementwise(recorder, ROUND, [x], "float32") : recorder.alias(x, x.shape),
  ),
  unary(tf.Tan, operation("Tan", inFloat64(tangent))),
  unary(tf.Abs, operation("Abs", inNumber(onnxNode("Abs")))),
  unary(tf.Neg, operation("Neg", inNumber(onnxNode("Neg")))),
  unary(tf.Sign, operation("Sign", inNumber(sign))),
  unary(tf.Square, operation("Square", inNumber(square))),
  unary(tf.Rsqrt, operation("Rsqrt", inFloat32(rsqrt))),
  unary(tf.Log1p, operation("Log1p", inFloat64(log1p))),
  unary(tf.Expm1, operation("Expm1", inFloat64(expm1))),
  unary(tf.Softplus, operation("Softplus", inFloat64(softplus))),
];

/** For integers, tfjs returns the float32 nearest to the exact value. ONNX Runtime's float32 kernel often misses it. */
function exactForIntegers(operands: EmitContext["operands"]): "float32" | "float64" {
  return numberType(operands) === "float32" ? "float32" : "float64";
}

function unary(kernelName: string, recorded: OnnxOperation): Kernel {
  return kernel<tf.UnaryInputs>(kernelName, ({ x }, _, recorder) =>
    elementwise(recorder, recorded, [x], elementType(x)),
  );
}

/** As in tfjs, the sign of NaN is 0. */
function sign({ graph, operands }: EmitContext, x: string): OutputNode {
  const type = numberType(operands);
  const zero = graph.scalar(0, type);
  const [positive, negative] = ["Greater", "Less"].map((side) =>
    convert(graph, graph.apply(side, [x, zero]), "bool", type),
  );
  return ["Sub", [positive ?? x, negative ?? x]];
}

/** ONNX Runtime's float32 Tan is too inaccurate near the poles. */
function tangent({ graph }: EmitContext, x: string): OutputNode {
  return ["Div", [graph.apply("Sin", [x]), graph.apply("Cos", [x])]];
}

function square(_: EmitContext, x: string): OutputNode {
  return ["Mul", [x, x]];
}

function rsqrt({ graph }: EmitContext, x: string): OutputNode {
  return ["Reciprocal", [graph.apply("Sqrt", [x])]];
}

function log1p(context: EmitContext, x: string): OutputNode {
  if (!context.graph.float64) return log1pInFloat32(context, x);
  return nearZero(-0.5, logOfSuccessor)(context, x);
}

function expm1(context: EmitContext, x: string): OutputNode {
  if (!context.graph.float64) return expm1InFloat32(context, x);
  return nearZero(0.5, expMinusOne)(context, x);
}

/**
 * `2 * atanh(x / (2 + x))` as a power series for `|x| <= 0.5`. A GPU's logarithm has an absolute error of about 7e-8.
 * Near 1 the logarithm itself is not larger, so no formula with a logarithm is accurate there.
 */
function log1pInFloat32({ graph }: EmitContext, x: string): OutputNode {
  const ratio = graph.apply("Div", [x, graph.apply("Add", [x, graph.scalar(2, "float32")])]);
  const square = graph.apply("Mul", [ratio, ratio]);
  const series = graph.apply("Mul", [ratio, polynomial(graph, square, ATANH_SERIES)]);
  const far = graph.apply("Log", [graph.apply("Add", [x, graph.scalar(1, "float32")])]);
  return ["Where", [isSmall(graph, x), series, far]];
}

/** `exp(x) - 1` as a power series for `|x| <= 0.5`. Subtracting 1 from a GPU's exponential would lose most digits. */
function expm1InFloat32({ graph }: EmitContext, x: string): OutputNode {
  const series = graph.apply("Mul", [x, polynomial(graph, x, EXPM1_SERIES)]);
  const far = graph.apply("Sub", [graph.apply("Exp", [x]), graph.scalar(1, "float32")]);
  return ["Where", [isSmall(graph, x), series, far]];
}

/** `2 * atanh(r) / r` in powers of `r * r`. The omitted terms are below 2e-8 for `|r| <= 1/3`. */
const ATANH_SERIES = Array.from({ length: 8 }, (_, power) => 2 / (2 * power + 1));
/** `(exp(x) - 1) / x` in powers of `x`: 1 / 1!, 1 / 2!, ... */
const EXPM1_SERIES = [1, 2, 6, 24, 120, 720, 5040, 40_320, 362_880].map((factorial) => 1 / factorial);

function isSmall(graph: EmitContext["graph"], x: string): string {
  return graph.apply("LessOrEqual", [graph.apply("Abs", [x]), graph.scalar(0.5, "float32")]);
}

/** Horner's rule, with coefficients from the constant term upwards. */
function polynomial(graph: EmitContext["graph"], x: string, coefficients: readonly number[]): string {
  const [last = 0, ...others] = coefficients.toReversed();
  return others.reduce(
    (value, coefficient) => graph.apply("Add", [graph.apply("Mul", [value, x]), graph.scalar(coefficient, "float32")]),
    graph.scalar(last, "float32"),
  );
}

function logOfSuccessor({ graph }: EmitContext, x: string): string {
  return graph.apply("Log", [graph.apply("Add", [x, float64(graph, 1)])]);
}

function expMinusOne({ graph }: EmitContext, x: string): string {
  return graph.apply("Sub", [graph.apply("Exp", [x]), float64(graph, 1)]);
}

/** The first two terms of the power series, `x + curvature * x * x`, near zero, where `elsewhere` would lose digits. */
function nearZero(curvature: number, elsewhere: (context: EmitContext, x: string) => string): EmitNodes {
  return (context, x) => {
    const { graph } = context;
    const correction = graph.apply("Mul", [graph.apply("Mul", [x, x]), float64(graph, curvature)]);
    const series = graph.apply("Add", [x, correction]);
    const near = graph.apply("Less", [graph.apply("Abs", [x]), float64(graph, SERIES_BELOW)]);
    return ["Where", [near, series, elsewhere(context, x)]];
  };
}

/** `max(x, 0) + log(1 + exp(-|x|))`, which cannot overflow. */
function softplus(context: EmitContext, x: string): OutputNode {
  const { graph } = context;
  const decay = graph.apply("Exp", [graph.apply("Neg", [graph.apply("Abs", [x])])]);
  return ["Add", [graph.apply("Max", [x, float64(graph, 0)]), graph.apply(...log1p(context, decay))]];
}

function float64(graph: EmitContext["graph"], value: number): string {
  return convert(graph, graph.scalar(value, "float32"), "float32", "float64");
}

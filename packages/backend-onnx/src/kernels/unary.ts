import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "../kernel.ts";
import { elementwise } from "./broadcast.ts";
import { convert, elementType } from "./onnx-type.ts";
import { inFloat32, inFloat64, inNumber, kernel, operation } from "./operation.ts";
import type { Write, Writing, WrittenOperation } from "./operation.ts";

/** Functions of one tensor that ONNX has under the same name, computed in float32. */
const SAME_IN_ONNX = [
  tf.Acos, tf.Acosh, tf.Asin, tf.Asinh, tf.Atan, tf.Atanh, tf.Cos, tf.Cosh, tf.Erf, tf.Exp, tf.Log, tf.Reciprocal,
  tf.Sigmoid, tf.Sin, tf.Sinh, tf.Sqrt, tf.Tan, tf.Tanh,
] as const;

/** Beyond this distance from 0, `log(1 + x)` and `exp(x) - 1` in float64 are exact to float32. */
const SERIES_BELOW = 1e-5;

const SQUARE = operation("Square", inNumber((_, x) => ["Mul", [x, x]]));

export const UNARY_KERNELS: readonly Kernel[] = [
  ...SAME_IN_ONNX.map((name) => unary(name, operation(name, inFloat32((_, x) => [name, [x]])))),
  ...[tf.Abs, tf.Neg, tf.Sign].map((name) => unary(name, operation(name, inNumber((_, x) => [name, [x]])))),
  ...[tf.Ceil, tf.Floor, tf.Round].map(rounding),
  unary(tf.Square, SQUARE),
  unary(tf.Rsqrt, operation("Rsqrt", inFloat32(({ graph }, x) => ["Reciprocal", [graph.apply("Sqrt", [x])]]))),
  unary(tf.Log1p, operation("Log1p", inFloat64(nearZero(-0.5, logOfSuccessor)))),
  unary(tf.Expm1, operation("Expm1", inFloat64(nearZero(0.5, expMinusOne)))),
  unary(tf.Softplus, operation("Softplus", inFloat64(softplus))),
];

function unary(kernelName: string, recorded: WrittenOperation): Kernel {
  return kernel<tf.UnaryInputs>(kernelName, ({ x }, _, recorder) =>
    elementwise(recorder, recorded, [x], elementType(x)),
  );
}

/** Integers are round already. */
function rounding(kernelName: string): Kernel {
  const recorded = operation(kernelName, (_, x) => [kernelName, [x]]);
  return kernel<tf.UnaryInputs>(kernelName, ({ x }, _, recorder) =>
    elementType(x) === "float32"
      ? elementwise(recorder, recorded, [x], "float32")
      : recorder.alias(x, x.shape),
  );
}

function logOfSuccessor({ graph }: Writing, x: string): string {
  return graph.apply("Log", [graph.apply("Add", [x, float64(graph, 1)])]);
}

function expMinusOne({ graph }: Writing, x: string): string {
  return graph.apply("Sub", [graph.apply("Exp", [x]), float64(graph, 1)]);
}

/** Uses the first two terms of the power series, `x + curvature * x * x`, where `elsewhere` would lose digits. */
function nearZero(curvature: number, elsewhere: (writing: Writing, x: string) => string): Write {
  return (writing, x) => {
    const { graph } = writing;
    const correction = graph.apply("Mul", [graph.apply("Mul", [x, x]), float64(graph, curvature)]);
    const series = graph.apply("Add", [x, correction]);
    const near = graph.apply("Less", [graph.apply("Abs", [x]), float64(graph, SERIES_BELOW)]);
    return ["Where", [near, series, elsewhere(writing, x)]];
  };
}

/** `max(x, 0) + log(1 + exp(-|x|))`, which cannot overflow. */
function softplus(writing: Writing, x: string): ReturnType<Write> {
  const { graph } = writing;
  const decay = graph.apply("Exp", [graph.apply("Neg", [graph.apply("Abs", [x])])]);
  return ["Add", [graph.apply("Max", [x, float64(graph, 0)]), logOfSuccessor(writing, decay)]];
}

function float64(graph: Writing["graph"], value: number): string {
  return convert(graph, graph.scalar(value, "float32"), "float32", "float64");
}

import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Value } from "../graph.ts";
import type { Kernel, Recorder } from "../kernel.ts";
import { elementwise, expand } from "./broadcast.ts";
import { isFilledWith } from "./fill.ts";
import { convert, elementType } from "./onnx-type.ts";
import { computedIn, inFloat32, inFloat64, inNumber, kernel, numberType, operation } from "./operation.ts";
import type { OnnxCall, Writing, WrittenOperation } from "./operation.ts";

/** Also what fused kernels add their bias with. */
export const ADD: WrittenOperation = operation(
  "Add",
  inNumber((_, a, b) => ["Add", [a, b]]),
);
const MULTIPLY = operation(
  "Multiply",
  inNumber((_, a, b) => ["Mul", [a, b]]),
);
const FLOOR_DIVIDE = operation(
  "FloorDiv",
  inFloat64(({ graph }, a, b) => ["Floor", [graph.apply("Div", [a, b])]]),
);
const ADD_ALL = operation("AddN", inNumber(addAll));

export const ARITHMETIC_KERNELS: readonly Kernel[] = [
  binary(tf.Add, ADD),
  binary(
    tf.Sub,
    operation(
      "Sub",
      inNumber((_, a, b) => ["Sub", [a, b]]),
    ),
  ),
  binary(
    tf.Maximum,
    operation(
      "Maximum",
      inNumber((_, a, b) => ["Max", [a, b]]),
    ),
  ),
  binary(
    tf.Minimum,
    operation(
      "Minimum",
      inNumber((_, a, b) => ["Min", [a, b]]),
    ),
  ),
  binary(tf.SquaredDifference, operation("SquaredDifference", inNumber(squaredDifference))),
  binary(
    tf.RealDiv,
    operation(
      "RealDiv",
      computedIn(exactType, (_, a, b) => ["Div", [a, b]]),
    ),
  ),
  binary(
    tf.Pow,
    operation(
      "Pow",
      computedIn(exactType, (_, a, b) => ["Pow", [a, b]]),
    ),
  ),
  binary(
    tf.BitwiseAnd,
    operation(
      "BitwiseAnd",
      computedIn("int32", (_, a, b) => ["BitwiseAnd", [a, b]]),
    ),
  ),
  binary(tf.Mod, operation("Mod", inFloat64(floorMod))),
  binary(tf.Atan2, operation("Atan2", inFloat32(atan2))),
  kernel<tf.FloorDivInputs>(tf.FloorDiv, ({ a, b }, _, recorder) =>
    elementwise(recorder, FLOOR_DIVIDE, [a, b], "int32"),
  ),
  kernel<tf.MultiplyInputs>(tf.Multiply, ({ a, b }, _, recorder) => multiply(recorder, a, b)),
  kernel<tf.AddNInputs>(tf.AddN, (terms, _, recorder) => {
    const [first, ...others] = terms;
    if (first !== undefined && others.length === 0) return recorder.alias(first, first.shape);
    return elementwise(recorder, ADD_ALL, terms, numberType(terms.map((term) => ({ dtype: elementType(term) }))));
  }),
];

/** Where one operand only repeats the other (the gradients of sums and means multiply by `ones`), nothing is computed. */
function multiply(recorder: Recorder, a: TensorInfo, b: TensorInfo): TensorInfo {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
  if (a.dtype === b.dtype && isFilledWith(recorder, b, 1)) return expand(recorder, a, shape);
  if (a.dtype === b.dtype && isFilledWith(recorder, a, 1)) return expand(recorder, b, shape);
  return elementwise(recorder, MULTIPLY, [a, b], elementType(a));
}

/** tfjs gives the result the dtype of the first operand. */
function binary(kernelName: string, recorded: WrittenOperation): Kernel {
  return kernel<tf.BinaryInputs>(kernelName, ({ a, b }, _, recorder) =>
    elementwise(recorder, recorded, [a, b], elementType(a)),
  );
}

/** Integers are divided as float64: exact, and a zero divisor gives 0 as in JavaScript instead of ending the process. */
function exactType(operands: readonly Value[]): "float32" | "float64" {
  return numberType(operands) === "float32" ? "float32" : "float64";
}

function squaredDifference({ graph }: Writing, a: string, b: string): OnnxCall {
  const difference = graph.apply("Sub", [a, b]);
  return ["Mul", [difference, difference]];
}

/** The remainder with the sign of the divisor; the plain remainder where the signs agree, as infinite divisors need. */
function floorMod({ graph }: Writing, a: string, b: string): OnnxCall {
  const zero = convert(graph, graph.scalar(0, "float32"), "float32", "float64");
  const remainder = graph.apply("Mod", [a, b], { fmod: 1 });
  const negative = [a, b].map((operand) => graph.apply("Less", [operand, zero]));
  const moved = graph.apply("Mod", [graph.apply("Add", [remainder, b]), b], { fmod: 1 });
  return ["Where", [graph.apply("Xor", negative), moved, remainder]];
}

/** ONNX has only the arc tangent of one number. Infinities are clipped so that their quotient is a number. */
function atan2({ graph }: Writing, y: string, x: string): OnnxCall {
  const constant = (value: number): string => graph.scalar(value, "float32");
  const largest = 3.4028234663852886e38;
  const [height, width] = [y, x].map((side) => graph.apply("Clip", [side, constant(-largest), constant(largest)]));
  const angle = graph.apply("Atan", [graph.apply("Div", [height ?? y, width ?? x])]);
  const below = graph.apply("Less", [y, constant(0)]);
  const turn = graph.apply("Where", [below, constant(-Math.PI), constant(Math.PI)]);
  const turned = graph.apply("Where", [
    graph.apply("Less", [x, constant(0)]),
    graph.apply("Add", [angle, turn]),
    angle,
  ]);
  const origin = graph.apply(
    "And",
    [y, x].map((side) => graph.apply("Equal", [side, constant(0)])),
  );
  return ["Where", [origin, constant(0), turned]];
}

function addAll({ graph, operands }: Writing, ...terms: string[]): OnnxCall {
  // ONNX Runtime's variadic Sum has no kernel for integers.
  if (numberType(operands) === "float32") return ["Sum", terms];
  const sum = terms.slice(0, -1).reduce((total, term) => graph.apply("Add", [total, term]));
  return ["Add", [sum, terms.at(-1) ?? sum]];
}

import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Value } from "../graph.ts";
import type { Kernel, Recorder } from "../kernel.ts";
import { elementType } from "../onnx-type.ts";
import { elementwise } from "./broadcast.ts";
import { convert } from "./conversion.ts";
import { computedIn, inFloat32, inFloat64, inNumber, kernel, numberType, onnxNode, operation } from "./operation.ts";
import type { OnnxCall, Writing, WrittenOperation } from "./operation.ts";

/** Also what fused kernels add their bias with. */
export const ADD: WrittenOperation = operation("Add", inNumber(onnxNode("Add")));

/** The largest float32. */
const LARGEST = 3.4028234663852886e38;

const FLOOR_DIVIDE = operation("FloorDiv", inFloat64(floorDivide));
const ADD_ALL = operation("AddN", inNumber(addAll));

export const ARITHMETIC_KERNELS: readonly Kernel[] = [
  binary(tf.Add, ADD),
  binary(tf.Sub, operation("Sub", inNumber(onnxNode("Sub")))),
  binary(tf.Multiply, operation("Multiply", inNumber(onnxNode("Mul")))),
  binary(tf.Maximum, operation("Maximum", inNumber(onnxNode("Max")))),
  binary(tf.Minimum, operation("Minimum", inNumber(onnxNode("Min")))),
  binary(tf.SquaredDifference, operation("SquaredDifference", inNumber(squaredDifference))),
  binary(tf.RealDiv, operation("RealDiv", computedIn(exactType, onnxNode("Div")))),
  binary(tf.Pow, operation("Pow", computedIn(exactType, onnxNode("Pow")))),
  binary(tf.Mod, operation("Mod", inFloat64(floorMod))),
  binary(tf.Atan2, operation("Atan2", inFloat32(atan2))),
  binary(tf.BitwiseAnd, operation("BitwiseAnd", computedIn("int32", onnxNode("BitwiseAnd")))),
  kernel<tf.FloorDivInputs>(tf.FloorDiv, ({ a, b }, _, recorder) =>
    elementwise(recorder, FLOOR_DIVIDE, [a, b], "int32"),
  ),
  kernel<tf.AddNInputs>(tf.AddN, (terms, _, recorder) => addN(recorder, terms)),
];

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

function addN(recorder: Recorder, terms: readonly TensorInfo[]): TensorInfo {
  const [first, ...others] = terms;
  if (first !== undefined && others.length === 0) return recorder.alias(first, first.shape);
  return elementwise(recorder, ADD_ALL, terms, first === undefined ? "float32" : elementType(first));
}

function floorDivide({ graph }: Writing, a: string, b: string): OnnxCall {
  return ["Floor", [graph.apply("Div", [a, b])]];
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
  const clip = (side: string): string => graph.apply("Clip", [side, constant(-LARGEST), constant(LARGEST)]);
  const isZero = (side: string): string => graph.apply("Equal", [side, constant(0)]);
  const isNegative = (side: string): string => graph.apply("Less", [side, constant(0)]);

  const angle = graph.apply("Atan", [graph.apply("Div", [clip(y), clip(x)])]);
  const turn = graph.apply("Where", [isNegative(y), constant(-Math.PI), constant(Math.PI)]);
  const turned = graph.apply("Where", [isNegative(x), graph.apply("Add", [angle, turn]), angle]);
  return ["Where", [graph.apply("And", [isZero(y), isZero(x)]), constant(0), turned]];
}

function addAll({ graph, operands }: Writing, ...terms: string[]): OnnxCall {
  // ONNX Runtime's variadic Sum has no kernel for integers.
  if (numberType(operands) === "float32") return ["Sum", terms];
  const sum = terms.slice(0, -1).reduce((total, term) => graph.apply("Add", [total, term]));
  return ["Add", [sum, terms.at(-1) ?? sum]];
}

import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Value } from "../../graph/graph.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { addTerms } from "./add-terms.ts";
import { elementwise } from "./broadcast.ts";
import { convert } from "../tools/conversion.ts";
import { knownElements } from "../indexing/indices.ts";
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
import type { OutputNode, EmitContext, OnnxOperation } from "../tools/operation.ts";

/** The sum of two tensors. Fused kernels also use this operation to add their bias. */
export const ADD: OnnxOperation = operation("Add", inNumber(onnxNode("Add")));

const POWER = operation("Pow", computedIn(exactType, onnxNode("Pow")));
/** Powers with exponents that may be NaN or infinite. */
const POWER_OR_NAN = operation("PowOrNaN", computedIn(exactType, powerOrNaN));

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
  kernel<tf.PowInputs>(tf.Pow, ({ a, b }, _, recorder) => {
    const exponent = tf.util.sizeFromShape(b.shape) === 1 ? knownElements(recorder, b)?.[0] : undefined;
    return elementwise(recorder, Number.isFinite(exponent) ? POWER : POWER_OR_NAN, [a, b], elementType(a));
  }),
  binary(tf.Mod, operation("Mod", inFloat64(floorMod))),
  binary(tf.Atan2, operation("Atan2", inFloat32(atan2))),
  binary(tf.BitwiseAnd, operation("BitwiseAnd", computedIn("int32", onnxNode("BitwiseAnd")))),
  kernel<tf.FloorDivInputs>(tf.FloorDiv, ({ a, b }, _, recorder) =>
    elementwise(recorder, FLOOR_DIVIDE, [a, b], "int32"),
  ),
  kernel<tf.AddNInputs>(tf.AddN, (terms, _, recorder) => addN(recorder, terms)),
];

/** Returns the kernel of an operation on two tensors. As in tfjs, the result has the dtype of the first operand. */
function binary(kernelName: string, recorded: OnnxOperation): Kernel {
  return kernel<tf.BinaryInputs>(kernelName, ({ a, b }, _, recorder) =>
    elementwise(recorder, recorded, [a, b], elementType(a)),
  );
}

/**
 * Integers are divided in float64: the result is exact, and division by zero returns 0 instead of crashing the process.
 */
function exactType(operands: readonly Value[]): "float32" | "float64" {
  return numberType(operands) === "float32" ? "float32" : "float64";
}

function addN(recorder: Recorder, terms: readonly TensorInfo[]): TensorInfo {
  const [first, ...others] = terms;
  if (first !== undefined && others.length === 0) return recorder.alias(first, first.shape);
  return elementwise(recorder, ADD_ALL, terms, first === undefined ? "float32" : elementType(first));
}

function floorDivide({ graph }: EmitContext, a: string, b: string): OutputNode {
  return ["Floor", [graph.apply("Div", [a, b])]];
}

function squaredDifference({ graph }: EmitContext, a: string, b: string): OutputNode {
  const difference = graph.apply("Sub", [a, b]);
  return ["Mul", [difference, difference]];
}

/**
 * The remainder with the sign of the divisor. If the signs agree it is the plain remainder, even for an infinite
 * divisor.
 */
function floorMod({ graph }: EmitContext, a: string, b: string): OutputNode {
  const zero = convert(graph, graph.scalar(0, "float32"), "float32", "float64");
  const remainder = graph.apply("Mod", [a, b], { fmod: 1 });
  const negative = [a, b].map((operand) => graph.apply("Less", [operand, zero]));
  const moved = graph.apply("Mod", [graph.apply("Add", [remainder, b]), b], { fmod: 1 });
  return ["Where", [graph.apply("Xor", negative), moved, remainder]];
}

/** In JavaScript, 1 and -1 raised to NaN or an infinity are NaN; in C, some of these powers are 1. */
function powerOrNaN({ graph, operands }: EmitContext, base: string, exponent: string): OutputNode {
  const power = graph.apply("Pow", [base, exponent]);
  const type = exactType(operands);
  const constant = (value: number): string => convert(graph, graph.scalar(value, "float32"), "float32", type);
  const isOne = graph.apply("Equal", [graph.apply("Abs", [base]), constant(1)]);
  const isFinite = graph.apply("Less", [graph.apply("Abs", [exponent]), constant(Infinity)]);
  const without = graph.apply("And", [isOne, graph.apply("Not", [isFinite])]);
  return ["Where", [without, constant(NaN), power]];
}

/**
 * ONNX has only the arc tangent of one number. Two infinities count as two ones; for two zeros the result is `y`. The
 * sign of -0 comes from its reciprocal.
 */
function atan2({ graph }: EmitContext, y: string, x: string): OutputNode {
  const constant = (value: number): string => graph.scalar(value, "float32");
  const both = (first: string, second: string): string => graph.apply("And", [first, second]);
  const isZero = (side: string): string => graph.apply("Equal", [side, constant(0)]);
  const isInfinite = (side: string): string => graph.apply("IsInf", [side]);
  const sign = (side: string): string => graph.apply("Sign", [side]);
  const isNegative = (side: string): string =>
    graph.apply("Less", [graph.apply("Min", [side, graph.apply("Div", [constant(1), side])]), constant(0)]);

  const ratio = graph.apply("Where", [
    both(isInfinite(y), isInfinite(x)),
    graph.apply("Mul", [sign(y), sign(x)]),
    graph.apply("Div", [y, x]),
  ]);
  const angle = graph.apply("Atan", [graph.apply("Where", [both(isZero(y), isZero(x)), y, ratio])]);
  const turn = graph.apply("Where", [isNegative(y), constant(-Math.PI), constant(Math.PI)]);
  return ["Where", [isNegative(x), graph.apply("Add", [angle, turn]), angle]];
}

function addAll({ graph, operands }: EmitContext, ...terms: string[]): OutputNode {
  // ONNX Runtime's variadic Sum has no kernel for integers.
  if (numberType(operands) === "float32") return addTerms(graph, terms);
  const sum = terms.slice(0, -1).reduce((total, term) => graph.apply("Add", [total, term]));
  return ["Add", [sum, terms.at(-1) ?? sum]];
}

import * as tf from "@tensorflow/tfjs-core";
import type { OnnxAttribute } from "../graph/graph.ts";
import { ONNX_TYPES, type OnnxType } from "../graph/onnx-type.ts";

/** The type of a value in a graph. An unknown shape is undefined. */
export interface ValueType {
  readonly type: OnnxType;
  readonly shape: readonly number[] | undefined;
}

const BOOLEAN_RESULTS: ReadonlySet<string> = new Set([
  "Equal",
  "Greater",
  "GreaterOrEqual",
  "Less",
  "LessOrEqual",
  "And",
  "Or",
  "Xor",
  "Not",
  "IsNaN",
  "IsInf",
]);
const INDEX_RESULTS: ReadonlySet<string> = new Set(["ArgMax", "ArgMin", "Range", "Shape"]);
/** Operators whose second output holds indices. */
const POSITION_OUTPUTS: ReadonlySet<string> = new Set(["TopK", "MaxPool"]);
const NUMERIC = "Abs Neg Sign Floor Ceil Exp Log Sqrt Reciprocal Sigmoid Tanh Add Sub Mul Div Max Min Pow Mod Clip";
/** Elementwise operators, whose result has the broadcast shape of the operands. */
const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...BOOLEAN_RESULTS,
  ...NUMERIC.split(" "),
  "Cast",
  "Identity",
  "Where",
  "BitwiseAnd",
]);

/** Returns the type of output `index` of a node with operands of these types. */
export function typeOfOutput(
  operatorType: string,
  operands: readonly ValueType[],
  attributes: Readonly<Record<string, OnnxAttribute>>,
  index: number,
): ValueType {
  return { type: elementTypeOf(operatorType, operands, attributes, index), shape: shapeOf(operatorType, operands) };
}

function elementTypeOf(
  operatorType: string,
  operands: readonly ValueType[],
  { to }: Readonly<Record<string, OnnxAttribute>>,
  index: number,
): OnnxType {
  if (operatorType === "Cast") return onnxType(to);
  if (BOOLEAN_RESULTS.has(operatorType)) return "bool";
  if (INDEX_RESULTS.has(operatorType) || (POSITION_OUTPUTS.has(operatorType) && index === 1)) return "int64";
  return operands[operatorType === "Where" ? 1 : 0]?.type ?? "float32";
}

function shapeOf(operatorType: string, operands: readonly ValueType[]): readonly number[] | undefined {
  if (!ELEMENTWISE.has(operatorType)) return undefined;
  let shape: number[] = [];
  for (const operand of operands) {
    if (operand.shape === undefined) return undefined;
    shape = tf.broadcast_util.assertAndGetBroadcastShape(shape, [...operand.shape]);
  }
  return shape;
}

export function onnxType(number: OnnxAttribute | undefined): OnnxType {
  const found = (Object.keys(ONNX_TYPES) as OnnxType[]).find((type) => ONNX_TYPES[type] === number);
  if (found === undefined) throw new Error(`type ${String(number)} does not occur in graphs`);
  return found;
}

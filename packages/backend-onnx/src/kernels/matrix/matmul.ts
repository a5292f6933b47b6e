import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { GraphEmitter } from "../../graph/graph.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { activate } from "../elementwise/activation.ts";
import { elementwise } from "../elementwise/broadcast.ts";
import { compose } from "../tools/composition.ts";
import { ADD } from "../elementwise/arithmetic.ts";
import { fill } from "../indexing/fill.ts";
import { innerBlocks, type Side } from "./long-product.ts";
import { inNumber, isEmpty, kernel, numberType, operation, record } from "../tools/operation.ts";
import type { OutputNode, EmitContext } from "../tools/operation.ts";

/** Whether the last two dimensions of each operand are transposed. */
interface Transposition {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const MATMUL = operation("BatchMatMul", inNumber(emitMatMul));

export const MATMUL_KERNELS: readonly Kernel[] = [
  kernel<tf.BatchMatMulInputs, tf.BatchMatMulAttrs>(tf.BatchMatMul, ({ a, b }, attributes, recorder) =>
    matMul(recorder, a, b, attributes),
  ),
  kernel<tf._FusedMatMulInputs, tf._FusedMatMulAttrs>(
    tf._FusedMatMul,
    ({ a, b, bias, preluActivationWeights }, attributes, recorder) =>
      compose(recorder, (inner) => {
        const product = matMul(inner, a, b, attributes);
        const biased = bias === undefined ? product : elementwise(inner, ADD, [product, bias], elementType(product));
        return activate(inner, biased, { ...attributes, preluActivationWeights }) ?? biased;
      }),
  ),
];

/** Multiplies the matrices in the last two dimensions. The other dimensions are broadcast. */
export function matMul(
  recorder: Recorder,
  a: TensorInfo,
  b: TensorInfo,
  { transposeA = false, transposeB = false }: Partial<Transposition> = {},
): TensorInfo {
  if (a.shape.length < 2 || b.shape.length < 2) {
    const [left, right] = [sideText(a, transposeA), sideText(b, transposeB)];
    throw new BackendError("unsupported", `matMul of ${left} with ${right}: both need at least two dimensions.`);
  }
  const [rows, inner] = matrixOf(a, transposeA);
  const [innerOfB, columns] = matrixOf(b, transposeB);
  if (inner !== innerOfB) {
    const [left, right] = [sideText(a, transposeA), sideText(b, transposeB)];
    throw new BackendError(
      "unsupported",
      `matMul of ${left} with ${right}: the inner sizes ${inner} and ${innerOfB} differ.`,
    );
  }
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const result = { shape: [...batch, rows, columns], dtype: elementType(a) };
  // An empty sum is 0.
  if (inner === 0 && !isEmpty(result.shape)) return fill(recorder, result.shape, 0, result.dtype);
  return record(recorder, MATMUL, [a, b], result, { transposeA, transposeB });
}

function emitMatMul(
  { graph, operands, attributes, result }: EmitContext<Transposition>,
  a: string,
  b: string,
): OutputNode {
  const type = numberType(operands);
  const sides = [a, b].map((name, side) => ({ name, shape: operands[side]?.shape ?? [] }));
  return type === "float32"
    ? floatProduct(graph, sides, attributes, result.shape)
    : product(graph, sides, attributes, type);
}

/** The product of float32 matrices. `shape` is the shape of the product. */
export function floatProduct(
  graph: GraphEmitter,
  sides: readonly Side[],
  transposition: Transposition,
  shape: readonly number[],
): OutputNode {
  const { transposeA, transposeB } = transposition;
  const innerAxes = [transposeA ? -2 : -1, transposeB ? -1 : -2];
  const blocked = innerBlocks(graph, sides, innerAxes, shape);
  const call = product(graph, blocked?.sides ?? sides, transposition, "float32");
  return blocked === undefined ? call : blocked.sum(graph.apply(...call));
}

function product(
  graph: GraphEmitter,
  sides: readonly Side[],
  { transposeA, transposeB }: Transposition,
  type: "float32" | "int32",
): OutputNode {
  const names = sides.map(({ name }) => name);
  if (!transposeA && !transposeB) return ["MatMul", names];
  if (type === "float32") {
    return ["FusedMatMul", names, { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 }, "com.microsoft"];
  }
  // FusedMatMul has no kernel for integers.
  const turned = [transposeA, transposeB].map((transposed, index) => {
    const { name, shape } = sides[index] ?? { name: "", shape: [] };
    return transposed ? graph.apply("Transpose", [name], { perm: exchanged(shape.length) }) : name;
  });
  return ["MatMul", turned];
}

function exchanged(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return [...axes.slice(0, -2), rank - 1, rank - 2];
}

function matrixOf({ shape }: TensorInfo, transposed: boolean): [rows: number, columns: number] {
  const [rows = 1, columns = 1] = shape.slice(-2);
  return transposed ? [columns, rows] : [rows, columns];
}

function sideText({ shape }: TensorInfo, transposed: boolean): string {
  return `[${shape.join()}]${transposed ? " (transposed)" : ""}`;
}

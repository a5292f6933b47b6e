import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { elementwise } from "./broadcast.ts";
import { convert } from "../tools/conversion.ts";
import { kernel, operation } from "../tools/operation.ts";
import type { OutputNode, EmitContext } from "../tools/operation.ts";

const SELECT = operation("Select", emitSelect);

export const SELECT_KERNELS: readonly Kernel[] = [
  kernel<tf.SelectInputs>(tf.Select, ({ condition, t, e }, _, recorder) =>
    elementwise(recorder, SELECT, [condition, t, e], elementType({ dtype: tf.upcastType(t.dtype, e.dtype) })),
  ),
];

function emitSelect(
  { graph, operands: [, whenTrue, whenFalse], result }: EmitContext,
  condition: string,
  t: string,
  e: string,
): OutputNode {
  const { dtype } = result;
  const [yes, no] = [
    convert(graph, t, whenTrue?.dtype ?? dtype, dtype),
    convert(graph, e, whenFalse?.dtype ?? dtype, dtype),
  ];
  if (dtype !== "bool") return ["Where", [condition, yes, no]];
  // ONNX Runtime's Where has no kernel for booleans.
  return ["Or", [graph.apply("And", [condition, yes]), graph.apply("And", [graph.apply("Not", [condition]), no])]];
}

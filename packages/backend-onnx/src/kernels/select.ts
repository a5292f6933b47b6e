import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "../kernel.ts";
import { elementwise } from "./broadcast.ts";
import { compose } from "./composition.ts";
import { convert, elementType } from "./onnx-type.ts";
import { kernel, operation } from "./operation.ts";
import type { OnnxCall, Writing } from "./operation.ts";

const SELECT = operation("Select", writeSelect);

export const SELECT_KERNELS: readonly Kernel[] = [
  kernel<tf.SelectInputs>(tf.Select, ({ condition, t, e }, _, recorder) =>
    compose(recorder, (inner) => {
      // A vector of conditions decides over whole rows.
      const byRow = condition.shape.length === 1 && t.shape.length > 1;
      const shape = byRow ? [...condition.shape, ...t.shape.slice(1).map(() => 1)] : condition.shape;
      const dtype = elementType({ dtype: tf.upcastType(t.dtype, e.dtype) });
      return elementwise(inner, SELECT, [inner.alias(condition, shape), t, e], dtype);
    }),
  ),
];

function writeSelect({ graph, operands: [, whenTrue, whenFalse], result }: Writing, condition: string, t: string, e: string): OnnxCall {
  const { dtype } = result;
  const [yes, no] = [convert(graph, t, whenTrue?.dtype ?? dtype, dtype), convert(graph, e, whenFalse?.dtype ?? dtype, dtype)];
  if (dtype !== "bool") return ["Where", [condition, yes, no]];
  // Where has no kernel for booleans.
  return ["Or", [graph.apply("And", [condition, yes]), graph.apply("And", [graph.apply("Not", [condition]), no])]];
}

import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "../kernel.ts";
import { elementwise } from "./broadcast.ts";
import { fill } from "./fill.ts";
import { elementType } from "./onnx-type.ts";
import { computedIn, kernel, numberType, operation } from "./operation.ts";
import type { Write, WrittenOperation } from "./operation.ts";

const NOT = operation(
  "LogicalNot",
  computedIn("bool", (_, x) => ["Not", [x]]),
);

export const COMPARISON_KERNELS: readonly Kernel[] = [
  comparison(tf.Equal, (_, a, b) => ["Equal", [a, b]]),
  comparison(tf.NotEqual, ({ graph }, a, b) => ["Not", [graph.apply("Equal", [a, b])]]),
  comparison(tf.Greater, (_, a, b) => ["Greater", [a, b]]),
  comparison(tf.GreaterEqual, (_, a, b) => ["GreaterOrEqual", [a, b]]),
  comparison(tf.Less, (_, a, b) => ["Less", [a, b]]),
  comparison(tf.LessEqual, (_, a, b) => ["LessOrEqual", [a, b]]),
  logical(tf.LogicalAnd, (_, a, b) => ["And", [a, b]]),
  logical(tf.LogicalOr, (_, a, b) => ["Or", [a, b]]),
  logical(tf.LogicalXor, (_, a, b) => ["Xor", [a, b]]),
  kernel<tf.LogicalNotInputs>(tf.LogicalNot, ({ x }, _, recorder) => elementwise(recorder, NOT, [x], "bool")),
  classification(tf.IsNan, 0, (_, x) => ["IsNaN", [x]]),
  classification(tf.IsInf, 0, (_, x) => ["IsInf", [x]]),
  // A comparison with NaN is false.
  classification(tf.IsFinite, 1, ({ graph }, x) => [
    "Less",
    [graph.apply("Abs", [x]), graph.scalar(Infinity, "float32")],
  ]),
];

function comparison(kernelName: string, write: Write): Kernel {
  return binary(kernelName, operation(kernelName, computedIn(numberType, write, "bool")));
}

function logical(kernelName: string, write: Write): Kernel {
  return binary(kernelName, operation(kernelName, computedIn("bool", write)));
}

function binary(kernelName: string, recorded: WrittenOperation): Kernel {
  return kernel<tf.BinaryInputs>(kernelName, ({ a, b }, _, recorder) =>
    elementwise(recorder, recorded, [a, b], "bool"),
  );
}

/** Whether each number is of a kind that only floats can be; integers all answer `ofIntegers`. */
function classification(kernelName: string, ofIntegers: 0 | 1, write: Write): Kernel {
  const recorded = operation(kernelName, write);
  return kernel<tf.UnaryInputs>(kernelName, ({ x }, _, recorder) =>
    elementType(x) === "float32"
      ? elementwise(recorder, recorded, [x], "bool")
      : fill(recorder, x.shape, ofIntegers, "bool"),
  );
}

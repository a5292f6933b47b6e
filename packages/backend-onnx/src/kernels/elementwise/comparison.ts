import * as tf from "@tensorflow/tfjs-core";
import type { Kernel } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { elementwise } from "./broadcast.ts";
import { fill } from "../indexing/fill.ts";
import { computedIn, kernel, numberType, onnxNode, operation } from "../tools/operation.ts";
import type { EmitNodes, OnnxOperation } from "../tools/operation.ts";

const NOT = operation("LogicalNot", computedIn("bool", onnxNode("Not")));

export const COMPARISON_KERNELS: readonly Kernel[] = [
  comparison(tf.Equal, onnxNode("Equal")),
  comparison(tf.NotEqual, ({ graph }, a, b) => ["Not", [graph.apply("Equal", [a, b])]]),
  comparison(tf.Greater, onnxNode("Greater")),
  comparison(tf.GreaterEqual, onnxNode("GreaterOrEqual")),
  comparison(tf.Less, onnxNode("Less")),
  comparison(tf.LessEqual, onnxNode("LessOrEqual")),
  logical(tf.LogicalAnd, onnxNode("And")),
  logical(tf.LogicalOr, onnxNode("Or")),
  logical(tf.LogicalXor, onnxNode("Xor")),
  kernel<tf.LogicalNotInputs>(tf.LogicalNot, ({ x }, _, recorder) => elementwise(recorder, NOT, [x], "bool")),
  classification(tf.IsNan, 0, onnxNode("IsNaN")),
  classification(tf.IsInf, 0, onnxNode("IsInf")),
  // A comparison with NaN is false.
  classification(tf.IsFinite, 1, ({ graph }, x) => [
    "Less",
    [graph.apply("Abs", [x]), graph.scalar(Infinity, "float32")],
  ]),
];

function comparison(kernelName: string, emitNodes: EmitNodes): Kernel {
  return binary(kernelName, operation(kernelName, computedIn(numberType, emitNodes, "bool")));
}

function logical(kernelName: string, emitNodes: EmitNodes): Kernel {
  return binary(kernelName, operation(kernelName, computedIn("bool", emitNodes)));
}

function binary(kernelName: string, recorded: OnnxOperation): Kernel {
  return kernel<tf.BinaryInputs>(kernelName, ({ a, b }, _, recorder) =>
    elementwise(recorder, recorded, [a, b], "bool"),
  );
}

/** Tests each number for a property of floats. The result for integers is `ofIntegers`. */
function classification(kernelName: string, ofIntegers: 0 | 1, emitNodes: EmitNodes): Kernel {
  const recorded = operation(kernelName, emitNodes);
  return kernel<tf.UnaryInputs>(kernelName, ({ x }, _, recorder) =>
    elementType(x) === "float32"
      ? elementwise(recorder, recorded, [x], "bool")
      : fill(recorder, x.shape, ofIntegers, "bool"),
  );
}

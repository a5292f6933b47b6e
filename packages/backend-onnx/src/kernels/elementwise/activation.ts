import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { BackendError } from "../../backend-error.ts";
import type { Kernel, Recorder } from "../../kernel.ts";
import { elementType } from "../../graph/onnx-type.ts";
import { elementwise } from "./broadcast.ts";
import { inFloat32, inNumber, kernel, numberType, onnxNode, operation } from "../tools/operation.ts";
import type { OutputNode, EmitContext, OnnxOperation } from "../tools/operation.ts";

/** The activation of a fused kernel's result, as in tfjs-core's inputs and attributes. */
interface FusedActivation {
  readonly activation?: tf.backend_util.Activation | null | undefined;
  readonly preluActivationWeights?: TensorInfo | undefined;
  readonly leakyreluAlpha?: number | undefined;
}

/** `alpha` is the factor for negative numbers. */
interface Slope {
  readonly alpha: number;
}

interface Bounds {
  readonly minimum: number;
  readonly maximum: number;
}

const RELU = operation("Relu", inNumber(onnxNode("Relu")));
const ELU = operation("Elu", inFloat32(onnxNode("Elu")));
const SELU = operation("Selu", inFloat32(onnxNode("Selu")));
const SIGMOID = operation("Sigmoid", inFloat32(onnxNode("Sigmoid")));
const PRELU = operation("Prelu", inFloat32(onnxNode("PRelu")));

const LEAKY_RELU = operation(
  "LeakyRelu",
  inFloat32(({ attributes }: EmitContext<Slope>, x) => ["LeakyRelu", [x], { alpha: { float: attributes.alpha } }]),
);

const CLIP = operation(
  "ClipByValue",
  inNumber(({ graph, operands, attributes: { minimum, maximum } }: EmitContext<Bounds>, x) => {
    const type = numberType(operands);
    return [
      "Clip",
      [x, ...[minimum, maximum].map((bound) => graph.scalar(type === "int32" ? toInt32(bound) : bound, type))],
    ];
  }),
);

/** The slope of a rectifier: 1 where x is positive, NaN where x is NaN, `alpha` elsewhere. */
const STEP = operation(
  "Step",
  inFloat32(({ graph, attributes: { alpha } }: EmitContext<Slope>, x) => {
    const [zero, one] = [graph.scalar(0, "float32"), graph.scalar(1, "float32")];
    const positive: OutputNode = ["Clip", [graph.apply("Sign", [x]), zero, one]];
    if (alpha === 0) return positive;
    const scaled = graph.apply("Mul", [graph.apply(...positive), graph.scalar(1 - alpha, "float32")]);
    return ["Add", [scaled, graph.scalar(alpha, "float32")]];
  }),
);

/** `dy` where y >= 0, `dy * (y + 1)` elsewhere. */
const ELU_GRADIENT = operation(
  "EluGrad",
  inFloat32(({ graph }, dy, y) => {
    const slope = graph.apply("Add", [graph.apply("Min", [y, graph.scalar(0, "float32")]), graph.scalar(1, "float32")]);
    return ["Mul", [dy, slope]];
  }),
);

export const ACTIVATION_KERNELS: readonly Kernel[] = [
  kernel<tf.ReluInputs>(tf.Relu, ({ x }, _, recorder) => alike(recorder, RELU, x)),
  kernel<tf.EluInputs>(tf.Elu, ({ x }, _, recorder) => alike(recorder, ELU, x)),
  kernel<tf.SeluInputs>(tf.Selu, ({ x }, _, recorder) => alike(recorder, SELU, x)),
  kernel<tf.SigmoidInputs>(tf.Sigmoid, ({ x }, _, recorder) => alike(recorder, SIGMOID, x)),
  kernel<tf.Relu6Inputs>(tf.Relu6, ({ x }, _, recorder) => clip(recorder, x, 0, 6)),
  kernel<tf.ClipByValueInputs, tf.ClipByValueAttrs>(tf.ClipByValue, ({ x }, { clipValueMin, clipValueMax }, recorder) =>
    clip(recorder, x, clipValueMin, clipValueMax),
  ),
  kernel<tf.LeakyReluInputs, tf.LeakyReluAttrs>(tf.LeakyRelu, ({ x }, { alpha }, recorder) =>
    leakyRelu(recorder, x, alpha),
  ),
  kernel<tf.PreluInputs>(tf.Prelu, ({ x, alpha }, _, recorder) => prelu(recorder, x, alpha)),
  kernel<tf.StepInputs, tf.StepAttrs>(tf.Step, ({ x }, { alpha }, recorder) =>
    elementwise(recorder, STEP, [x], elementType(x), { alpha }),
  ),
  kernel<tf.EluGradInputs>(tf.EluGrad, ({ dy, y }, _, recorder) =>
    elementwise(recorder, ELU_GRADIENT, [dy, y], "float32"),
  ),
];

/** Returns the activation as a new tensor; undefined without an activation. */
export function activate(recorder: Recorder, x: TensorInfo, fused: FusedActivation): TensorInfo | undefined {
  const { activation, preluActivationWeights, leakyreluAlpha = 0.2 } = fused;
  switch (activation) {
    case undefined:
    case null:
    case "linear":
      return undefined;
    case "relu":
      return alike(recorder, RELU, x);
    case "elu":
      return alike(recorder, ELU, x);
    case "sigmoid":
      return alike(recorder, SIGMOID, x);
    case "relu6":
      return clip(recorder, x, 0, 6);
    case "leakyrelu":
      return leakyRelu(recorder, x, leakyreluAlpha);
    case "prelu":
      if (preluActivationWeights !== undefined) return prelu(recorder, x, preluActivationWeights);
  }
  throw new BackendError("unsupported", `activation ${activation} cannot be fused. Apply it as a separate op.`);
}

function alike(recorder: Recorder, recorded: OnnxOperation, x: TensorInfo): TensorInfo {
  return elementwise(recorder, recorded, [x], elementType(x));
}

function clip(recorder: Recorder, x: TensorInfo, minimum: number, maximum: number): TensorInfo {
  return elementwise(recorder, CLIP, [x], elementType(x), { minimum, maximum });
}

function leakyRelu(recorder: Recorder, x: TensorInfo, alpha: number): TensorInfo {
  return elementwise(recorder, LEAKY_RELU, [x], "float32", { alpha });
}

function prelu(recorder: Recorder, x: TensorInfo, alpha: TensorInfo): TensorInfo {
  return elementwise(recorder, PRELU, [x, alpha], "float32");
}

/** Truncates a bound and clips it to the range of int32. */
function toInt32(bound: number): number {
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(bound)));
}

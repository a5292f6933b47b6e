import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel } from "../../kernel.ts";
import { elementwise } from "../elementwise/broadcast.ts";
import { inFloat32, kernel, operation } from "../tools/operation.ts";
import type { OutputNode, EmitContext } from "../tools/operation.ts";

interface NormalizationAttributes {
  readonly epsilon: number;
  readonly scaled: boolean;
  readonly shifted: boolean;
}

/** As in tfjs-core, `scale` and `offset` are optional. */
interface NormalizationInputs {
  readonly x: TensorInfo;
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
  readonly scale?: TensorInfo;
  readonly offset?: TensorInfo;
}

const BATCH_NORMALIZATION = operation("FusedBatchNorm", inFloat32(emitNormalization));

export const BATCH_NORMALIZATION_KERNELS: readonly Kernel[] = [
  kernel<NormalizationInputs, tf.FusedBatchNormAttrs>(
    tf.FusedBatchNorm,
    ({ x, mean, variance, scale, offset }, { varianceEpsilon: epsilon }, recorder) => {
      const operands = [x, mean, variance, scale, offset].filter(
        (operand) => operand !== undefined && operand !== null,
      );
      const attributes = { epsilon, scaled: Boolean(scale), shifted: Boolean(offset) };
      return elementwise(recorder, BATCH_NORMALIZATION, operands, "float32", attributes);
    },
  ),
];

/** `(x - mean) / sqrt(variance + epsilon) * scale + offset` */
function emitNormalization(
  { graph, attributes: { epsilon, scaled, shifted } }: EmitContext<NormalizationAttributes>,
  x: string,
  mean: string,
  variance: string,
  ...affine: string[]
): OutputNode {
  const [scale, offset] = scaled ? affine : [undefined, ...affine];
  const deviation = graph.apply("Sqrt", [graph.apply("Add", [variance, graph.scalar(epsilon, "float32")])]);
  const factor = scale === undefined ? graph.apply("Reciprocal", [deviation]) : graph.apply("Div", [scale, deviation]);
  const normalized: OutputNode = ["Mul", [graph.apply("Sub", [x, mean]), factor]];
  return shifted && offset !== undefined ? ["Add", [graph.apply(...normalized), offset]] : normalized;
}

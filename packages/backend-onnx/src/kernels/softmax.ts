import * as tf from "@tensorflow/tfjs-core";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { Kernel, Recorder } from "../kernel.ts";
import { inFloat32, kernel, operation, record } from "./operation.ts";
import type { Writing, WrittenOperation } from "./operation.ts";

interface AxisAttribute {
  readonly axis: number;
}

const SOFTMAX = normalization("Softmax");
const LOG_SOFTMAX = normalization("LogSoftmax");

export const SOFTMAX_KERNELS: readonly Kernel[] = [
  kernel<tf.SoftmaxInputs, tf.SoftmaxAttrs>(tf.Softmax, ({ logits }, { dim }, recorder) =>
    normalize(recorder, SOFTMAX, logits, dim),
  ),
  kernel<tf.LogSoftmaxInputs, tf.LogSoftmaxAttrs>(tf.LogSoftmax, ({ logits }, { axis }, recorder) =>
    normalize(recorder, LOG_SOFTMAX, logits, axis),
  ),
];

/** Along the last dimension. */
export function softmax(recorder: Recorder, logits: TensorInfo): TensorInfo {
  return normalize(recorder, SOFTMAX, logits, -1);
}

function normalization(operatorType: string): WrittenOperation<AxisAttribute> {
  return operation(
    operatorType,
    inFloat32(({ attributes: { axis } }: Writing<AxisAttribute>, x) => [operatorType, [x], { axis }]),
  );
}

function normalize(
  recorder: Recorder,
  recorded: WrittenOperation<AxisAttribute>,
  logits: TensorInfo,
  axis: number,
): TensorInfo {
  const { shape } = logits;
  // A scalar is its own only competitor.
  const source = shape.length === 0 ? recorder.alias(logits, [1]) : logits;
  const result = record(recorder, recorded, [source], { shape: source.shape, dtype: "float32" }, { axis });
  if (source === logits) return result;
  const scalar = recorder.alias(result, shape);
  for (const intermediate of [source, result]) recorder.disposeIntermediate(intermediate);
  return scalar;
}

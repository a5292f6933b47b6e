import * as tf from "@tensorflow/tfjs-core";

export interface ForwardResult<Result extends tf.Tensor> {
  readonly value: Result;
  /** Returns one gradient per input, in order. `saved` are the tensors passed to `save`. */
  gradient(dy: Result, saved: readonly tf.Tensor[]): tf.Tensor[];
}

/** Keeps tensors of the forward pass for the gradient. All other tensors are disposed of. */
export type Save = (...tensors: readonly tf.Tensor[]) => void;

/**
 * Runs `forward` as a differentiable function of `inputs` with a custom gradient, which needs fewer operations than the
 * automatic gradient. On a backend that runs graphs, each elementwise operation is a pass over memory.
 */
export function withGradient<Result extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  forward: (save: Save) => ForwardResult<Result>,
): Result {
  const differentiable = tf.customGrad<Result>((...inputsAndSave) => {
    const keep = inputsAndSave.at(-1);
    const { value, gradient } = forward((...tensors) => {
      if (typeof keep === "function") keep([...tensors]);
    });
    return { value, gradFunc: gradient };
  });
  return differentiable(...inputs);
}

/** Throws a `RangeError` if no tensor was saved at `index`. */
export function savedTensor(saved: readonly tf.Tensor[], index: number): tf.Tensor {
  const tensor = saved[index];
  if (tensor === undefined)
    throw new RangeError(`fused-ops: the gradient saved ${saved.length} tensors, not ${index + 1}.`);
  return tensor;
}

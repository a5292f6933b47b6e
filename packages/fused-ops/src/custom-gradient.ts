import * as tf from "@tensorflow/tfjs-core";

export interface ForwardResult<Result extends tf.Tensor> {
  readonly value: Result;
  /** One gradient per input, in their order. `saved` are the tensors given to `save`. */
  gradient(dy: Result, saved: readonly tf.Tensor[]): tf.Tensor[];
}

/** Keeps tensors until the gradient has been computed; all others of the forward pass are gone by then. */
export type Save = (...tensors: readonly tf.Tensor[]) => void;

/**
 * A differentiable function with a gradient of its own. Fewer and cheaper operations than the recorded ones: on a
 * backend that runs graphs, each elementwise operation is a pass over memory.
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

/** The tensor saved at `index`. */
export function savedTensor(saved: readonly tf.Tensor[], index: number): tf.Tensor {
  const tensor = saved[index];
  if (tensor === undefined)
    throw new RangeError(`fused-ops: the gradient saved ${saved.length} tensors, not ${index + 1}.`);
  return tensor;
}

import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";

/** Returns input + branch for tensors of the same shape. Saves neither for the gradient. */
export function residual<T extends tf.Tensor>(input: T, branch: T): T {
  return withGradient<T>([input, branch], () => ({
    value: tf.add<T>(input, branch),
    gradient: (dy) => [tf.clone(dy), tf.clone(dy)],
  }));
}

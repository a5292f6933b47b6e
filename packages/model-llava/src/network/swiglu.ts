import * as tf from "@tensorflow/tfjs-core";
import { savedTensor, withGradient } from "./custom-gradient.ts";

/** silu(gate) * up, elementwise (arXiv 2002.05202). */
export function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return withGradient<tf.Tensor2D>([gate, up], (save) => {
    const sigmoid = tf.sigmoid(gate);
    const silu = tf.mul(gate, sigmoid);
    save(sigmoid, silu, up);
    return {
      value: tf.mul<tf.Tensor2D>(silu, up),
      gradient: (dy, saved) => {
        const [sigmoid, silu, up] = [savedTensor(saved, 0), savedTensor(saved, 1), savedTensor(saved, 2)];
        // silu' = sigmoid + silu * (1 - sigmoid)
        const slope = tf.add(sigmoid, tf.sub(silu, tf.mul(silu, sigmoid)));
        return [tf.mul(tf.mul(dy, up), slope), tf.mul(dy, silu)];
      },
    };
  });
}

import * as tf from "@tensorflow/tfjs-core";
import { savedTensor, withGradient } from "./custom-gradient.ts";
import { fusedKernel } from "./fused-kernel.ts";

/** Returns silu(gate) * up, elementwise (arXiv 2002.05202). Fused kernel "Silu": input `x`, output x * sigmoid(x). */
export function swiglu<T extends tf.Tensor>(gate: T, up: T): T {
  return withGradient<T>([gate, up], (save) => {
    const [fused] = fusedKernel("Silu", { x: gate }) ?? [];
    save(gate, up);
    return {
      value: tf.mul<T>(fused ?? tf.mul(gate, tf.sigmoid(gate)), up),
      gradient: (dy, saved) => {
        const [gate, up] = [savedTensor(saved, 0), savedTensor(saved, 1)];
        const sigmoid = tf.sigmoid(gate);
        const silu = tf.mul(gate, sigmoid);
        // silu' = sigmoid + silu * (1 - sigmoid)
        const slope = tf.add(sigmoid, tf.sub(silu, tf.mul(silu, sigmoid)));
        return [tf.mul(tf.mul(dy, up), slope), tf.mul(dy, silu)];
      },
    };
  });
}

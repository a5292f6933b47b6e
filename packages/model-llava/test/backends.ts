import { useOnnxBackend } from "@mlan/backend-onnx";
// Registers the gradients, which tfjs-core's Node entry lacks.
import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";

/** The backends on which the network must give the same numbers: tfjs's slow reference, and ours. */
export const BACKENDS: readonly { readonly name: string; use(): Promise<void> }[] = [
  {
    name: "cpu",
    use: async () => {
      await import("@tensorflow/tfjs-backend-cpu");
      await tf.setBackend("cpu");
    },
  },
  { name: "onnx", use: () => useOnnxBackend() },
];

import type { Compute } from "@mlan/core";
import { plainCompute } from "@mlan/testing";
// Registers the gradients, which tfjs-core's Node entry lacks.
import "@tensorflow/tfjs-layers";
import { compute } from "./tiny-llava.ts";

/** The backends on which the network must compute the same numbers: tfjs's slow reference and mlan's. */
export const BACKENDS: readonly { readonly name: string; readonly compute: Compute; use(): Promise<void> }[] = [
  {
    name: "cpu",
    compute: plainCompute(),
    use: async () => {
      await import("@tensorflow/tfjs-backend-cpu");
      await plainCompute().open();
    },
  },
  { name: "onnx", compute, use: compute.open },
];

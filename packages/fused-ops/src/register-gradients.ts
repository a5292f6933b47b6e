import * as tf from "@tensorflow/tfjs-core";
import { gradients } from "../generated/gradients.js";

/**
 * Registers tfjs-core's gradients, which its Node entry point does not do (docs/decisions/0017). Gradients that are
 * already registered, such as a backend's, are kept. Loads no backend and may be called any number of times.
 */
export function registerGradients(): void {
  for (const gradient of gradients) if (!tf.getGradient(gradient.kernelName)) tf.registerGradient(gradient);
}

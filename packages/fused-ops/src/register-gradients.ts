import * as tf from "@tensorflow/tfjs-core";
import { gradients } from "../generated/gradients.js";

/**
 * Registers tfjs-core's gradients, which its Node entry point does not do (docs/decisions/0017). Keeps gradients that
 * are already registered, such as a backend's. Loads no backend. Further calls do nothing.
 */
export function registerGradients(): void {
  for (const gradient of gradients) if (!tf.getGradient(gradient.kernelName)) tf.registerGradient(gradient);
}

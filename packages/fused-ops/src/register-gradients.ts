import * as tf from "@tensorflow/tfjs-core";
import { gradients } from "../generated/gradients.js";

/**
 * Makes tfjs-core able to differentiate: its Node entry registers no gradients (docs/decisions/0017). Those that are
 * registered already stay, as do a backend's. Loads no backend, and may be called any number of times.
 */
export function registerGradients(): void {
  for (const gradient of gradients) if (!tf.getGradient(gradient.kernelName)) tf.registerGradient(gradient);
}

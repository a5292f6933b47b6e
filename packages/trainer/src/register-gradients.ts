/**
 * Makes tfjs-core able to differentiate. Its Node entry registers no gradients; only the umbrella package
 * `@tensorflow/tfjs` does, for the same engine, when it is loaded (docs/decisions/0003).
 */
export async function registerGradients(): Promise<void> {
  await import("@tensorflow/tfjs");
}

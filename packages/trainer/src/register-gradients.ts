/**
 * Makes tfjs-core able to differentiate. Its Node entry registers no gradients; `@tensorflow/tfjs-layers` does, for the
 * same engine, when it is loaded (docs/decisions/0017).
 */
export async function registerGradients(): Promise<void> {
  await import("@tensorflow/tfjs-layers");
}

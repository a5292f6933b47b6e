import type { Layout } from "./layout.ts";
import type { Held, Step } from "./memory-walk.ts";

/** The forward pass of a norm. It computes in float32 and rounds the result to the chosen precision. */
export function normForward(at: string, elements: number, { full, half, widened }: Layout): Step {
  return { at, adds: { activations: elements * half }, transient: elements * (2 * full + widened) };
}

/**
 * The backward pass of a norm: products of the incoming gradient with rows and weights, their difference, and the
 * result.
 */
export function normBackward(at: string, { hidden, full, half }: Layout, weight: Partial<Held>): Step {
  return {
    at,
    adds: { working: hidden * full, ...weight },
    transient: 4 * hidden * full,
    frees: { activations: hidden * full, working: hidden * half },
  };
}

import type { LanguageConfig } from "../config/language-config.ts";
import type { Layout } from "./layout.ts";
import { after, NOTHING, type Step } from "./memory-walk.ts";

/**
 * One decoder layer's forward pass while gradients are recorded. TensorFlow.js keeps the inputs of additions, matrix
 * products and reshapes, fused operations what their gradients need. Heads that were not turned yet are kept by
 * nothing; they go when the forward pass ends, as {@link forwardLeftovers} says.
 */
export function layerForward(layout: Layout): readonly Step[] {
  const { hidden, queries, keys, inner, scores, full, half, widened } = layout;
  return [
    normForward("the norm before attention", hidden, layout),
    { at: "queries, keys and values", adds: { activations: (queries + 2 * keys) * half } },
    { at: "heads", adds: { activations: keys * half, working: forwardLeftovers(layout) } },
    { at: "rotation", adds: { activations: (queries + keys) * half }, transient: rotation(layout) },
    {
      // Kept: probabilities and what they picked. Not kept: scores, and scores with the mask added.
      at: "attention",
      adds: { activations: (scores + queries) * half },
      transient: scores * (half + full + widened),
    },
    { at: "attention's output", adds: { activations: (queries + hidden) * half } },
    residual("the sum after attention", layout),
    normForward("the norm before the MLP", hidden, layout),
    { at: "gate and up projection", adds: { activations: 2 * inner * half } },
    { at: "swiglu", adds: { activations: inner * half }, transient: 2 * inner * half },
    { at: "down projection", adds: { activations: hidden * half } },
    residual("the sum after the MLP", layout),
  ];

  function residual(at: string, { hidden, full, widened }: Layout): Step {
    return { at, adds: { activations: hidden * full }, transient: hidden * widened };
  }
}

/** Bytes that a layer's forward pass made, that no gradient needs, and that go at the forward pass's end. */
export function forwardLeftovers({ queries, keys, half }: Layout): number {
  return (queries + keys) * half;
}

/**
 * The layer's backward pass. Fused operations give back what they kept; what plain operations kept, and the gradient of
 * every activation, stays until the engine is through with its tape.
 */
export function layerBackward(layout: Layout, language: LanguageConfig, learns: boolean): readonly Step[] {
  const { hidden, queries, keys, inner, scores, full, half, widened, narrowed } = layout;
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headDimension } = language;
  const weight = (rows: number): { gradients?: number } => (learns ? { gradients: rows * hiddenSize * half } : {});
  return [
    {
      at: "the gradient of the down projection",
      adds: { working: inner * half, ...weight(intermediateSize) },
      transient: hidden * narrowed,
    },
    {
      at: "the gradient of swiglu",
      adds: { working: inner * (full + half) },
      transient: inner * (4 * half + 2 * full),
      frees: { activations: 2 * inner * half },
    },
    {
      at: "the gradients of gate and up projection",
      adds: { working: hidden * (half + full), ...weight(2 * intermediateSize) },
      transient: Math.max(hidden * (half + 2 * widened), inner * narrowed),
    },
    normBackward("the gradient of the norm before the MLP", layout, { sum: true, weight: weight(1) }),
    {
      at: "the gradient of attention's output",
      adds: { working: 2 * queries * half, ...weight(heads * headDimension) },
      transient: hidden * narrowed,
    },
    {
      at: "the gradient of attention",
      adds: { working: (queries + 2 * keys) * half },
      transient: queries * half + scores * (half + 2 * full + widened),
      frees: { activations: (scores + 2 * queries + 2 * keys) * half },
    },
    {
      at: "the gradients of rotation and heads",
      adds: { working: (2 * queries + 3 * keys) * half },
      transient: rotation(layout),
    },
    {
      at: "the gradients of queries, keys and values",
      adds: { working: hidden * (2 * half + full), ...weight((heads + 2 * keyValueHeads) * headDimension) },
      transient: hidden * (full + 2 * widened),
    },
    normBackward("the gradient of the norm before attention", layout, { sum: true, weight: weight(1) }),
  ];
}

/** A layer of which only the input is kept. */
export function checkpointedForward(layout: Layout): readonly Step[] {
  const steps = layerForward(layout);
  const { activations, working } = after(steps);
  const output = layout.hidden * layout.full;
  return [...steps, { at: "the end of a layer", frees: { activations: activations - output, working } }];
}

/** The layer once more, then its backward pass; only the gradients of its input and of its weights are left. */
export function checkpointedBackward(layout: Layout, language: LanguageConfig, learns: boolean): readonly Step[] {
  const output = { activations: layout.hidden * layout.full };
  const steps = [
    ...layerForward(layout),
    { at: "the end of a layer's second forward pass", frees: { ...output, working: forwardLeftovers(layout) } },
    ...layerBackward(layout, language, learns),
  ];
  const { activations, working } = after(steps, NOTHING);
  const gradient = layout.hidden * layout.full;
  return [
    ...steps,
    // Its input was kept until now.
    { at: "the end of a layer", frees: { activations: activations + gradient, working: working - gradient } },
  ];
}

/** Rows are rounded to 16 bits after they were computed in float32. */
export function normForward(at: string, elements: number, { full, half, widened }: Layout): Step {
  return { at, adds: { activations: elements * half }, transient: elements * (2 * full + widened) };
}

/** `sum`: whether the gradient is added to that of the other branch, whose own stays. */
export function normBackward(
  at: string,
  { hidden, full }: Layout,
  { sum, weight }: { readonly sum: boolean; readonly weight: { readonly gradients?: number } },
): Step {
  return { at, adds: { working: hidden * full * (sum ? 2 : 1), ...weight }, transient: 4 * hidden * full };
}

/** Halves, their four products, two sums, and the whole, of which the last is rounded. */
function rotation({ queries, half, full, widened }: Layout): number {
  return queries * (half + 3 * full + widened);
}

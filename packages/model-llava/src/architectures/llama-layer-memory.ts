import type { Linear } from "../linear/linear.ts";
import type { Layout } from "../memory/layout.ts";
import { type LinearMemory, linearMemory } from "../memory/linear-memory.ts";
import { after, type Held, type LayerMemory, type Step } from "../memory/memory-walk.ts";
import { normForward } from "../memory/norm-memory.ts";
import type { WeightsInTraining } from "../memory/weights-in-training.ts";
import type { Weight } from "../weights/weight.ts";
import type { LlamaLayerWeights } from "./llama-decoder.ts";

/**
 * Returns the memory that a layer needs while it runs in a training step, and the memory that it keeps for the backward
 * pass.
 */
export function llamaLayerMemory(layout: Layout, weights: LlamaLayerWeights, use: WeightsInTraining): LayerMemory {
  const memoryOf = (linear: Linear): LinearMemory => linearMemory(layout, linear, use);
  const linears: LayerLinears = {
    query: memoryOf(weights.query),
    key: memoryOf(weights.key),
    value: memoryOf(weights.value),
    output: memoryOf(weights.output),
    gate: memoryOf(weights.gate),
    up: memoryOf(weights.up),
    down: memoryOf(weights.down),
  };
  const gradient = (norm: Weight): Partial<Held> => (use.learns(norm) ? { gradients: norm.size * layout.half } : {});
  return {
    forward: layerForward(layout, linears),
    backward: layerBackward(layout, linears, {
      inputNorm: gradient(weights.inputNorm),
      mlpNorm: gradient(weights.mlpNorm),
    }),
  };
}

type LayerLinears = Readonly<Record<"query" | "key" | "value" | "output" | "gate" | "up" | "down", LinearMemory>>;

/** Returns the bytes of an input of linear maps if a gradient needs the input; otherwise 0. */
function keptBytes(size: number, ...linears: readonly LinearMemory[]): number {
  return linears.some(({ keepsInput }) => keepsInput) ? size : 0;
}

/**
 * The forward pass of a layer while gradients are recorded. It keeps the inputs of matrix products whose matrix is
 * trained or adapted, and the tensors that gradients of fused operations need. At the end of the layer it frees
 * projections before they are split into heads, heads before their rotation, products before an adapter's change is
 * added, and the terms of the residual stream.
 */
function layerForward(layout: Layout, linears: LayerLinears): readonly Step[] {
  const { query, key, value, output, gate, up, down } = linears;
  const input = (size: number, ...readers: readonly LinearMemory[]): Partial<Held> =>
    keptBytes(size, ...readers) > 0 ? { activations: size } : { working: size };
  const { hidden, queries, keys, half } = layout;
  const steps: readonly Step[] = [
    { ...normForward("the norm before attention", hidden, layout), adds: input(hidden * half, query, key, value) },
    ...query.forward("queries", "working"),
    ...key.forward("keys", "working"),
    ...value.forward("values", "working"),
    { at: "heads", adds: { activations: value.result, working: query.result + key.result } },
    { at: "rotation", adds: { activations: (queries + keys) * half }, transient: rotation(layout) },
    attentionForward(layout),
    { at: "attended values of all heads", adds: input(queries * half, output) },
    ...output.forward("attention's output", "working"),
    residualSum("the sum after attention", layout),
    { ...normForward("the norm before the MLP", hidden, layout), adds: input(hidden * half, gate, up) },
    ...gate.forward("gate projection", "activations"),
    ...up.forward("up projection", "activations"),
    // As wide as its inputs.
    { at: "swiglu", adds: input(up.result, down), transient: 2 * up.result },
    ...down.forward("down projection", "working"),
    residualSum("the sum after the MLP", layout),
  ];
  return [...steps, { at: "the end of a layer", frees: { working: after(steps).working } }];
}

/**
 * The backward pass of a layer. Each operation frees the tensors that it kept and the gradients that it has passed on.
 * At the end remain the gradient of the layer's input and the gradients of its weights.
 */
function layerBackward(
  layout: Layout,
  linears: LayerLinears,
  norms: { readonly inputNorm: Partial<Held>; readonly mlpNorm: Partial<Held> },
): readonly Step[] {
  const { query, key, value, output, gate, up, down } = linears;
  const { hidden, queries, keys, inner, full, half, narrowed } = layout;
  return [
    ...down.backward("the gradient of the down projection", {
      transient: hidden * narrowed,
      frees: { activations: keptBytes(up.result, down) },
    }),
    {
      at: "the gradient of swiglu",
      adds: { working: inner * full + up.result },
      transient: 4 * up.result + 2 * inner * full,
      frees: { activations: gate.result + up.result, working: inner * down.inputGradient },
    },
    ...up.backward("the gradient of the up projection", { frees: { working: up.result } }),
    ...gate.backward("the gradient of the gate projection", {
      earlier: hidden * up.inputGradient,
      transient: inner * narrowed,
      frees: { activations: keptBytes(hidden * half, gate, up), working: inner * full },
    }),
    joinedNormBackward("the gradient of the norm before the MLP", layout, norms.mlpNorm),
    ...output.backward("the gradient of attention's output", {
      transient: Math.max(hidden * narrowed, queries * half),
      frees: { activations: keptBytes(queries * half, output) },
    }),
    attentionBackward(layout, { value: value.result, output: queries * output.inputGradient }),
    ...value.backward("the gradient of values", { transient: keys * half, frees: { working: keys * half } }),
    ...key.backward("the gradient of keys", {
      earlier: hidden * value.inputGradient,
      transient: rotation({ ...layout, queries: keys }),
      frees: { working: keys * half },
    }),
    ...query.backward("the gradient of queries", {
      earlier: hidden * full,
      transient: rotation(layout),
      frees: { activations: keptBytes(hidden * half, query, key, value), working: queries * half },
    }),
    joinedNormBackward("the gradient of the norm before attention", layout, norms.inputNorm),
  ];
}

/**
 * The forward pass of attention. It keeps the attended values. It also keeps the probabilities, unless attention is
 * computed in blocks: then the gradient recomputes them.
 */
function attentionForward({ queries, scores, scoresAtOnce, full, half, widened }: Layout): Step {
  const at = "attention";
  if (scoresAtOnce === scores)
    return { at, adds: { activations: (scores + queries) * half }, transient: scores * (half + full + widened) };
  return {
    at,
    adds: { activations: queries * half },
    transient: queries * half + scoresAtOnce * (2 * half + full + widened),
  };
}

/**
 * The backward pass of attention. `bytes` is the size of the values, and also of the gradient of the attended values.
 */
function attentionBackward(
  { queries, keys, scores, scoresAtOnce, full, half, widened }: Layout,
  bytes: { readonly value: number; readonly output: number },
): Step {
  const at = "the gradient of attention";
  const kept = (2 * queries + keys) * half + bytes.value;
  const adds = { working: (queries + 2 * keys) * half };
  if (scoresAtOnce === scores) {
    const transient = queries * half + scores * (half + 2 * full + widened);
    return { at, adds, transient, frees: { activations: scores * half + kept, working: bytes.output } };
  }
  return {
    at,
    adds,
    // Includes the gradients of all blocks before they are concatenated.
    transient: scoresAtOnce * (2 * half + 2 * full + widened),
    frees: { activations: kept, working: bytes.output },
  };
}

/** The backward pass of a norm. Its result is added to the gradient of the residual branch. */
function joinedNormBackward(at: string, { hidden, full }: Layout, weight: Partial<Held>): Step {
  return {
    at,
    adds: { working: hidden * full, ...weight },
    transient: 4 * hidden * full,
    frees: { activations: hidden * full, working: 2 * hidden * full },
  };
}

function residualSum(at: string, { hidden, full, widened }: Layout): Step {
  return { at, adds: { activations: hidden * full }, transient: hidden * widened };
}

/** Bytes of a rotation: the halves, their four products, two sums, and the rounded result. */
function rotation({ queries, half, full, widened }: Layout): number {
  return queries * (half + 3 * full + widened);
}

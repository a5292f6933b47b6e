import type { Linear } from "../linear/linear.ts";
import type { Layout } from "../memory/layout.ts";
import { after, type Held, type LayerMemory, type Step } from "../memory/memory-walk.ts";
import { normForward } from "../memory/norm-memory.ts";
import { Weight } from "../weights/weight.ts";
import type { LlamaLayerWeights } from "./llama-decoder.ts";

/** Returns the memory that a training step keeps for a layer and needs while the layer runs. */
export function llamaLayerMemory(layout: Layout, weights: LlamaLayerWeights, learns: boolean): LayerMemory {
  const bytes: LayerBytes = {
    projected: projectedBytes(layout, weights.query),
    output: projectedBytes(layout, weights.output),
    inner: projectedBytes(layout, weights.up),
    down: projectedBytes(layout, weights.down),
  };
  return {
    forward: layerForward(layout, bytes, learns),
    backward: layerBackward(layout, weights, { learns, bytes }),
  };
}

interface LayerBytes {
  /** Bytes per element of queries, keys and values. */
  readonly projected: ProjectedBytes;
  /** Bytes per element of attention's output. */
  readonly output: ProjectedBytes;
  /** Bytes per element of the gate and up projections. */
  readonly inner: ProjectedBytes;
  readonly down: ProjectedBytes;
}

/** Bytes per element of a projection. */
interface ProjectedBytes {
  /** Bytes per element of the projection's result. */
  readonly result: number;
  /**
   * Bytes per element of the product before the bias is added, which the gradient of the addition keeps; 0 without
   * biases.
   */
  readonly product: number;
}

function projectedBytes({ full, half }: Layout, { weights }: Linear): ProjectedBytes {
  return weights.length > 1 ? { result: full, product: half } : { result: half, product: 0 };
}

/**
 * A layer's forward pass while gradients are recorded. The inputs of products with matrices that learn, and the tensors
 * that gradients of fused operations need, are kept. The rest is freed at the end of the layer: projections before they are split into
 * heads, heads before their rotation, and the terms added to the residual stream.
 */
function layerForward(layout: Layout, bytes: LayerBytes, learns: boolean): readonly Step[] {
  const { projected } = bytes;
  /** The input of a matrix product, which only the gradient of the matrix needs. */
  const input = (size: number): Partial<Held> => (learns ? { activations: size } : { working: size });
  const { hidden, queries, keys, inner, half } = layout;
  const steps: readonly Step[] = [
    { ...normForward("the norm before attention", hidden, layout), adds: input(hidden * half) },
    {
      at: "queries, keys and values",
      adds: {
        activations: (queries + 2 * keys) * projected.product,
        working: (queries + 2 * keys) * projected.result,
      },
    },
    { at: "heads", adds: { activations: keys * projected.result, working: (queries + keys) * projected.result } },
    { at: "rotation", adds: { activations: (queries + keys) * half }, transient: rotation(layout) },
    attentionForward(layout),
    { at: "attended values of all heads", adds: input(queries * half) },
    {
      at: "attention's output",
      adds: { activations: hidden * bytes.output.product, working: hidden * bytes.output.result },
    },
    residualSum("the sum after attention", layout),
    { ...normForward("the norm before the MLP", hidden, layout), adds: input(hidden * half) },
    {
      at: "gate and up projection",
      adds: { activations: 2 * inner * (bytes.inner.result + bytes.inner.product) },
    },
    // As wide as its inputs.
    { at: "swiglu", adds: input(inner * bytes.inner.result), transient: 2 * inner * bytes.inner.result },
    {
      at: "down projection",
      adds: { activations: hidden * bytes.down.product, working: hidden * bytes.down.result },
    },
    residualSum("the sum after the MLP", layout),
  ];
  return [...steps, { at: "the end of a layer", frees: { working: after(steps).working } }];
}

/**
 * The layer's backward pass: each operation frees the tensors that it kept and the gradients that it has passed on. At
 * the end, the gradient of the layer's input has replaced that of its output, and the gradients of its weights remain.
 */
function layerBackward(
  layout: Layout,
  weights: LlamaLayerWeights,
  { learns, bytes }: { readonly learns: boolean; readonly bytes: LayerBytes },
): readonly Step[] {
  const { projected } = bytes;
  const { hidden, queries, keys, inner, full, half, widened, narrowed } = layout;
  const gradient = (of: Weight | Linear): Partial<Held> => (learns ? { gradients: sizeOf(of) * half } : {});
  const input = (size: number): number => (learns ? size : 0);
  return [
    {
      at: "the gradient of the down projection",
      adds: { working: inner * half, ...gradient(weights.down) },
      transient: hidden * narrowed,
      frees: { activations: input(inner * bytes.inner.result) + hidden * bytes.down.product },
    },
    {
      at: "the gradient of swiglu",
      adds: { working: inner * (full + bytes.inner.result) },
      transient: inner * (4 * bytes.inner.result + 2 * full),
      frees: { activations: 2 * inner * bytes.inner.result, working: inner * half },
    },
    {
      at: "the gradient of the up projection",
      adds: { working: hidden * half, ...gradient(weights.up) },
      frees: { activations: inner * bytes.inner.product, working: inner * bytes.inner.result },
    },
    {
      at: "the gradient of the gate projection",
      adds: { working: hidden * full, ...gradient(weights.gate) },
      transient: Math.max(inner * narrowed, hidden * (half + widened)),
      frees: {
        activations: input(hidden * half) + inner * bytes.inner.product,
        working: hidden * half + inner * full,
      },
    },
    joinedNormBackward("the gradient of the norm before the MLP", layout, gradient(weights.mlpNorm)),
    {
      at: "the gradient of attention's output",
      adds: { working: queries * half, ...gradient(weights.output) },
      transient: Math.max(hidden * narrowed, queries * half),
      frees: { activations: input(queries * half) + hidden * bytes.output.product },
    },
    attentionBackward(layout, projected),
    {
      at: "the gradient of values",
      adds: { working: hidden * half, ...gradient(weights.value) },
      transient: keys * half,
      frees: { activations: keys * projected.product, working: keys * half },
    },
    {
      at: "the gradient of keys",
      adds: { working: hidden * full, ...gradient(weights.key) },
      transient: Math.max(rotation({ ...layout, queries: keys }), hidden * (half + widened)),
      frees: { activations: keys * projected.product, working: (keys + hidden) * half },
    },
    {
      at: "the gradient of queries",
      adds: { working: hidden * full, ...gradient(weights.query) },
      transient: Math.max(rotation(layout), hidden * (half + widened)),
      frees: {
        activations: input(hidden * half) + queries * projected.product,
        working: queries * half + hidden * full,
      },
    },
    joinedNormBackward("the gradient of the norm before attention", layout, gradient(weights.inputNorm)),
  ];
}

/**
 * The forward pass of attention. Kept are the attended values, and the probabilities unless attention is computed in
 * blocks, which the gradient recomputes. Scores, masked scores, and the results of blocks before they are concatenated
 * are not kept.
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

function attentionBackward(layout: Layout, projected: ProjectedBytes): Step {
  const { queries, keys, scores, scoresAtOnce, full, half, widened } = layout;
  const at = "the gradient of attention";
  const kept = (2 * queries + keys) * half + keys * projected.result;
  const adds = { working: (queries + 2 * keys) * half };
  if (scoresAtOnce === scores) {
    const transient = queries * half + scores * (half + 2 * full + widened);
    return { at, adds, transient, frees: { activations: scores * half + kept, working: queries * half } };
  }
  return {
    at,
    adds,
    // In addition to those of a block: the gradients of all blocks before they are concatenated.
    transient: scoresAtOnce * (2 * half + 2 * full + widened),
    frees: { activations: kept, working: queries * half },
  };
}

function sizeOf(part: Weight | Linear): number {
  return part instanceof Weight ? part.size : part.weights.reduce((sum, { size }) => sum + size, 0);
}

/** The backward pass of a norm, whose gradient is added to that of the residual branch and replaces it. */
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

/** Bytes used by a rotation: the halves, their four products, two sums, and the result, which is rounded. */
function rotation({ queries, half, full, widened }: Layout): number {
  return queries * (half + 3 * full + widened);
}

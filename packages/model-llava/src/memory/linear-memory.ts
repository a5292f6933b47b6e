import type { Linear } from "../linear/linear.ts";
import type { Layout } from "./layout.ts";
import type { Held, Step } from "./memory-walk.ts";
import type { AdapterInTraining, WeightsInTraining } from "./weights-in-training.ts";

/** The memory of a linear map and its adapter for all positions of a training step. */
export interface LinearMemory {
  /** Bytes of the result. */
  readonly result: number;
  /** Whether its gradients need its input. */
  readonly keepsInput: boolean;
  /** Bytes per element of the gradient of its input. */
  readonly inputGradient: number;
  /** The forward pass. `into` says which total the result is added to. */
  forward(at: string, into: "activations" | "working"): readonly Step[];
  /** The backward pass. It frees what the forward pass kept, except the input. */
  backward(at: string, options?: LinearBackwardOptions): readonly Step[];
}

interface LinearBackwardOptions {
  /** Bytes of the existing gradient of the same input, to which this gradient is added. Default: there is none. */
  readonly earlier?: number;
  /** Bytes that the operations between this linear map and the previous one need while they run. Default 0. */
  readonly transient?: number;
  /** Bytes freed at the end, in addition to `earlier`. */
  readonly frees?: Partial<Pick<Held, "activations" | "working">>;
}

/**
 * Bytes per element of the dropout mask [n, inputs] and the dropped input: six float32 tensors and one boolean tensor.
 */
const DROPOUT_BYTES = 6 * 4 + 1;

export function linearMemory(layout: Layout, linear: Linear, use: WeightsInTraining): LinearMemory {
  const { positions, full, half, widened } = layout;
  const [inputs, outputs] = [positions * linear.inputs, positions * linear.outputs];
  const adapter = use.adapterOf(linear);
  const [matrix, bias] = linear.weights;
  const copy = matrix ? use.widenedBytes(matrix) : 0;
  const learned = linear.weights.filter((weight) => use.learns(weight));
  const gradients = learned.reduce((sum, { size }) => sum + size, 0) * half;
  // The gradient of the bias addition keeps the product.
  const product = bias ? outputs * half : 0;
  const base = outputs * (bias ? full : half);
  const result = adapter ? outputs * full : base;
  const inner = adapter ? positions * adapter.rank * full : 0;
  const dropping = adapter?.drops ? inputs * DROPOUT_BYTES : 0;
  return {
    result,
    keepsInput: adapter !== undefined || (matrix !== undefined && use.learns(matrix)),
    inputGradient: adapter ? full : half,
    forward(at, into) {
      const multiply: Step = { at, adds: { activations: product }, transient: copy };
      if (!adapter) return [adding(multiply, into, result)];
      return [
        adding(multiply, "working", base),
        { at: `the adapter: ${at}`, adds: { activations: inner }, transient: inner + dropping },
        { at: `the change by the adapter: ${at}`, adds: { working: outputs * half } },
        adding({ at: `the sum with the adapter: ${at}` }, into, result),
      ];
    },
    backward(at, { earlier = 0, transient = 0, frees = {} } = {}) {
      const steps: Step[] = [];
      let before = earlier;
      /** Adds a gradient of the input to the gradient of other operations. */
      const accumulate = (step: Step, needs: number): void => {
        const sum = before > 0 ? inputs * full : inputs * half;
        const adding = before > 0 ? inputs * (half + widened) : 0;
        steps.push({
          ...step,
          adds: { ...step.adds, working: sum },
          transient: Math.max(adding, needs),
          frees: { ...step.frees, working: (step.frees?.working ?? 0) + before },
        });
        before = sum;
      };
      if (adapter) {
        const own = adapterGradients(linear, adapter) * half;
        // Beside them, the gradient before the dropout and the dropped input.
        const needs = 2 * inner + (adapter.drops ? 2 * inputs * full + dropping - inputs * full : 0);
        accumulate(
          { at: `the gradient of the adapter: ${at}`, adds: { gradients: own }, frees: { activations: inner } },
          Math.max(transient, needs),
        );
      }
      accumulate(
        {
          at,
          adds: { gradients },
          frees: { activations: product + (frees.activations ?? 0), working: frees.working ?? 0 },
        },
        Math.max(adapter ? 0 : transient, copy),
      );
      return steps;
    },
  };
}

function adapterGradients({ inputs, outputs }: Linear, { rank, learns }: AdapterInTraining): number {
  return learns ? rank * (inputs + outputs) : 0;
}

function adding(step: Step, into: "activations" | "working", bytes: number): Step {
  return { ...step, adds: { ...step.adds, [into]: (step.adds?.[into] ?? 0) + bytes } };
}

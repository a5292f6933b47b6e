/** Bytes in use, by purpose. */
export interface Held {
  /** Gradients of parameters, including those of earlier micro-batches. */
  readonly gradients: number;
  /** Tensors that the tape keeps for the backward pass, and the batch. */
  readonly activations: number;
  /** Logits [supervised positions, vocabulary], and their gradient. */
  readonly logits: number;
  /** Gradients of activations, and temporary tensors of the current operation. */
  readonly working: number;
}

/** One or more operations of a training step with a single memory peak. */
export interface Step {
  readonly at: string;
  /** Bytes that remain in use after the step. */
  readonly adds?: Partial<Held>;
  /** Further bytes in use only during the step. */
  readonly transient?: number;
  /** Bytes freed at the end of the step. */
  readonly frees?: Partial<Held>;
}

/** The steps of a layer's forward and backward pass. */
export interface LayerMemory {
  readonly forward: readonly Step[];
  readonly backward: readonly Step[];
}

export interface Peak {
  readonly held: Held;
  readonly at: string;
}

export const NOTHING: Held = { gradients: 0, activations: 0, logits: 0, working: 0 };

export function sumOf({ gradients, activations, logits, working }: Held): number {
  return gradients + activations + logits + working;
}

function changed(held: Held, by: Partial<Held> = {}, sign: 1 | -1 = 1): Held {
  return {
    gradients: held.gradients + sign * (by.gradients ?? 0),
    activations: held.activations + sign * (by.activations ?? 0),
    logits: held.logits + sign * (by.logits ?? 0),
    working: held.working + sign * (by.working ?? 0),
  };
}

/** Returns the bytes in use after the steps. */
export function after(steps: readonly Step[], before: Held = NOTHING): Held {
  return steps.reduce((held, { adds, frees }) => changed(changed(held, adds), frees, -1), before);
}

/** Returns the step with the highest memory use. */
export function peakOf(steps: readonly Step[], before: Held = NOTHING): Peak {
  let held = before;
  let peak: Peak = { held, at: "before the first operation" };
  for (const { at, adds, transient = 0, frees } of steps) {
    const during = changed(held, { ...adds, working: (adds?.working ?? 0) + transient });
    if (sumOf(during) > sumOf(peak.held)) peak = { held: during, at };
    held = changed(changed(held, adds), frees, -1);
  }
  return peak;
}

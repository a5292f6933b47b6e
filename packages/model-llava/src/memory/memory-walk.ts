/** Bytes of what is held, by what it is for. */
export interface Held {
  /** Of parameters, those of earlier micro-batches included. */
  readonly gradients: number;
  /** What the tape keeps for the backward pass, and the batch itself. */
  readonly activations: number;
  /** Of supervised positions: one number per word of the vocabulary, and their gradient. */
  readonly logits: number;
  /** Gradients of activations, and what one operation needs while it runs. */
  readonly working: number;
}

/** A moment of a training step: one operation, or a few of which one determines the peak. */
export interface Step {
  readonly at: string;
  /** Made by it. */
  readonly adds?: Partial<Held>;
  /** Bytes that it needs besides while it runs. */
  readonly transient?: number;
  /** Given back when it is done. */
  readonly frees?: Partial<Held>;
}

/** A layer's moments, forward and backward. */
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

/** What is held when the steps are done. */
export function after(steps: readonly Step[], before: Held = NOTHING): Held {
  return steps.reduce((held, { adds, frees }) => changed(changed(held, adds), frees, -1), before);
}

/** The moment at which most is held. */
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

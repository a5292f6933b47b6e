import type { Decoder } from "../network/decoder.ts";
import type { Layout } from "./layout.ts";
import type { Step } from "./memory-walk.ts";
import { normBackward, normForward } from "./norm-memory.ts";
import type { WeightsInTraining } from "./weights-in-training.ts";

/** The training options of the output layer and the final norm. */
interface HeadInTraining {
  /** Whether the gradients of the output layer need its input. */
  readonly keepsInput: boolean;
  /** Numbers of trained values: in the output layer with its adapter, and in the norm. */
  readonly head: number;
  readonly norm: number;
  /** Rank of the output layer's adapter; 0 without an adapter. */
  readonly rank: number;
  /** Bytes of the float32 copy of a frozen matrix. */
  readonly copy: number;
}

function headInTraining({ head, norm }: Decoder, use: WeightsInTraining): HeadInTraining {
  const adapter = use.adapterOf(head);
  const learned = head.weights.filter((weight) => use.learns(weight)).reduce((sum, { size }) => sum + size, 0);
  const rank = adapter?.rank ?? 0;
  return {
    keepsInput: learned > 0 || rank > 0,
    head: learned + (adapter?.learns ? rank * (head.inputs + head.outputs) : 0),
    norm: use.learns(norm) ? norm.size : 0,
    rank,
    copy: Math.max(0, ...head.weights.map((weight) => use.widenedBytes(weight))),
  };
}

/** The forward pass from the last hidden states to the loss of the supervised positions. */
export function headForward(layout: Layout, decoder: Decoder, use: WeightsInTraining): readonly Step[] {
  const { selected, supervised, logits, logitsAtOnce, full, half } = layout;
  const head = headInTraining(decoder, use);
  if (logitsAtOnce < logits) return blockwiseForward(layout, head);
  // The product and the adapter's change.
  const terms = head.rank > 0 ? 2 * logits * half : 0;
  return [
    { at: "the supervised positions", adds: { activations: selected * full } },
    normForward("the last norm", selected, layout),
    {
      at: "the logits",
      adds: { logits: logits * half, activations: supervised * head.rank * full, working: terms },
      transient: head.copy,
    },
    // The logits minus their maximum, and the exponentials of the differences.
    { at: "the loss", transient: 2 * logits * full },
    // Only the gradient of the output layer needs its input.
    { at: "the end of the loss", frees: { activations: head.keepsInput ? 0 : selected * half, working: terms } },
  ];
}

export function headBackward(layout: Layout, decoder: Decoder, use: WeightsInTraining): readonly Step[] {
  const { hidden, selected, supervised, logits, logitsAtOnce, full, half, narrowed } = layout;
  const head = headInTraining(decoder, use);
  if (logitsAtOnce < logits) return blockwiseBackward(layout, head);
  return [
    {
      // Beside the gradient, the softmax and the scaled softmax.
      at: "the gradient of the logits",
      adds: { logits: logits * full },
      transient: logits * (half + full),
      frees: { logits: logits * half },
    },
    {
      at: "the gradient of the output layer",
      adds: { working: selected * half, gradients: head.head * half },
      transient: Math.max(logits * narrowed, head.copy),
      frees: {
        logits: logits * full,
        activations: (head.keepsInput ? selected * half : 0) + supervised * head.rank * full,
      },
    },
    normBackward(
      "the gradient of the last norm",
      { ...layout, hidden: selected },
      head.norm > 0 ? { gradients: head.norm * half } : {},
    ),
    {
      at: "the gradient of the last hidden states",
      adds: { working: hidden * full },
      frees: { working: selected * full },
    },
  ];
}

/** Returns the bytes of the float32 gradients of the output layer and the final norm. */
function headGradients({ full }: Layout, { head, norm }: HeadInTraining): number {
  return (head + norm) * full;
}

/**
 * The forward pass with logits computed in blocks. The gradients of a block are computed right after its loss and kept.
 */
function blockwiseForward(layout: Layout, head: HeadInTraining): readonly Step[] {
  const { selected, logitsAtOnce, full, half, narrowed } = layout;
  const sums = headGradients(layout, head);
  const one = (sums / full) * half;
  const terms = head.rank > 0 ? 2 * half : 0;
  return [
    { at: "the supervised positions", adds: { activations: selected * full } },
    {
      at: "the loss and its gradients",
      adds: { activations: selected * full + sums },
      transient: Math.max(
        logitsAtOnce * (half + terms) + head.copy,
        logitsAtOnce * (2 * half + 2 * full + terms),
        logitsAtOnce * (full + narrowed) + Math.max(one, head.copy),
        one + sums,
        // The gradients of all blocks before they are concatenated.
        selected * half,
      ),
      frees: { activations: selected * full },
    },
  ];
}

function blockwiseBackward(layout: Layout, head: HeadInTraining): readonly Step[] {
  const { hidden, selected, full } = layout;
  const sums = headGradients(layout, head);
  return [
    {
      at: "the gradient of the output layer",
      adds: { gradients: sums, working: selected * full },
      frees: { activations: selected * full + sums },
    },
    {
      at: "the gradient of the last hidden states",
      adds: { working: hidden * full },
      frees: { working: selected * full },
    },
  ];
}

import type { Decoder } from "../network/decoder.ts";
import type { Layout } from "./layout.ts";
import type { Step } from "./memory-walk.ts";
import { normBackward, normForward } from "./norm-memory.ts";

/** The forward pass from the last hidden states to the loss of the supervised positions. */
export function headForward(layout: Layout, decoder: Decoder, learns: boolean): readonly Step[] {
  const { selected, logits, logitsAtOnce, full, half } = layout;
  if (logitsAtOnce < logits) return blockwiseForward(layout, decoder, learns);
  return [
    { at: "the supervised positions", adds: { activations: selected * full } },
    normForward("the last norm", selected, layout),
    { at: "the logits", adds: { logits: logits * half } },
    // The logits minus their maximum, and the exponentials of the differences.
    { at: "the loss", transient: 2 * logits * full },
    // Only the gradient of the output layer needs its input.
    ...(learns ? [] : [{ at: "the end of the loss", frees: { activations: selected * half } }]),
  ];
}

export function headBackward(layout: Layout, decoder: Decoder, learns: boolean): readonly Step[] {
  const { head, norm } = decoder;
  const { hidden, selected, logits, logitsAtOnce, full, half, narrowed } = layout;
  if (logitsAtOnce < logits) return blockwiseBackward(layout, decoder, learns);
  return [
    {
      // In addition to the gradient: the softmax, and the scaled softmax.
      at: "the gradient of the logits",
      adds: { logits: logits * full },
      transient: logits * (half + full),
      frees: { logits: logits * half },
    },
    {
      at: "the gradient of the output layer",
      adds: { working: selected * half, ...(learns && { gradients: head.inputs * head.outputs * half }) },
      transient: logits * narrowed,
      frees: { logits: logits * full, ...(learns && { activations: selected * half }) },
    },
    normBackward(
      "the gradient of the last norm",
      { ...layout, hidden: selected },
      learns ? { gradients: norm.size * half } : {},
    ),
    {
      at: "the gradient of the last hidden states",
      adds: { working: hidden * full },
      frees: { working: selected * full },
    },
  ];
}

/** Returns the bytes of the float32 sums of the gradients of the output layer and the final norm. */
function headGradients({ full }: Layout, { head, norm }: Decoder, learns: boolean): number {
  return learns ? (head.inputs * head.outputs + norm.size) * full : 0;
}

/**
 * The forward pass when logits are computed in blocks. The gradients of each block are computed right after its loss,
 * and only they are kept.
 */
function blockwiseForward(layout: Layout, decoder: Decoder, learns: boolean): readonly Step[] {
  const { selected, logitsAtOnce, full, half, narrowed } = layout;
  const sums = headGradients(layout, decoder, learns);
  const one = (sums / full) * half;
  return [
    { at: "the supervised positions", adds: { activations: selected * full } },
    {
      at: "the loss and its gradients",
      adds: { activations: selected * full + sums },
      transient: Math.max(
        logitsAtOnce * (2 * half + 2 * full),
        logitsAtOnce * (full + narrowed) + one,
        one + sums,
        // The gradients of all blocks before they are concatenated.
        selected * half,
      ),
      frees: { activations: selected * full },
    },
  ];
}

function blockwiseBackward(layout: Layout, decoder: Decoder, learns: boolean): readonly Step[] {
  const { hidden, selected, full } = layout;
  const sums = headGradients(layout, decoder, learns);
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

import type { Decoder } from "../network/decoder.ts";
import type { Layout } from "./layout.ts";
import type { Step } from "./memory-walk.ts";
import { normBackward, normForward } from "./norm-memory.ts";

/** The forward pass from the last hidden states to the loss of the supervised positions. */
export function headForward(layout: Layout): readonly Step[] {
  const { selected, logits, full, half } = layout;
  return [
    { at: "the supervised positions", adds: { activations: selected * full } },
    normForward("the last norm", selected, layout),
    { at: "the logits", adds: { logits: logits * half } },
    // The logits minus their maximum, and the exponentials of the differences.
    { at: "the loss", transient: 2 * logits * full },
  ];
}

export function headBackward(layout: Layout, { head, norm }: Decoder, learns: boolean): readonly Step[] {
  const { hidden, selected, logits, full, half, narrowed } = layout;
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
      frees: { logits: logits * full, activations: selected * half },
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

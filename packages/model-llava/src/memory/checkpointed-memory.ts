import type { Layout } from "./layout.ts";
import { after, type LayerMemory } from "./memory-walk.ts";

/** A layer of which only the input is kept: its backward pass starts by running the layer again, including its result. */
export function checkpointedMemory({ forward, backward }: LayerMemory, { hidden, full }: Layout): LayerMemory {
  const output = hidden * full;
  const at = "the end of a layer";
  return {
    forward: [...forward, { at, frees: { activations: after(forward).activations - output } }],
    backward: [...forward, ...backward, { at, frees: { activations: output } }],
  };
}

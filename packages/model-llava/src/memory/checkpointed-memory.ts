import type { Layout } from "./layout.ts";
import { after, type LayerMemory } from "./memory-walk.ts";

/** Returns the memory of a layer that keeps only its input. Its backward pass first repeats the forward pass. */
export function checkpointedMemory({ forward, backward }: LayerMemory, { hidden, full }: Layout): LayerMemory {
  const output = hidden * full;
  const at = "the end of a layer";
  return {
    forward: [...forward, { at, frees: { activations: after(forward).activations - output } }],
    backward: [...forward, ...backward, { at, frees: { activations: output } }],
  };
}

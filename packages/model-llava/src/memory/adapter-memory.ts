import type { ModuleSizes } from "../adapter/adapter-modules.ts";
import type { Layout } from "./layout.ts";
import type { LayerMemory } from "./memory-walk.ts";

export interface AdapterMemoryOptions {
  readonly learns: boolean;
  /** Whether the adapter's input is dropped during training. */
  readonly drops: boolean;
}

/**
 * Adds a low-rank adapter to the memory of a layer: the tensors [positions, rank] that its gradient keeps, the update
 * of each linear map's result until the end of the layer, and the gradients.
 */
export function withAdapterMemory(
  { forward, backward }: LayerMemory,
  modules: readonly ModuleSizes[],
  { positions, full, half }: Layout,
  { learns, drops }: AdapterMemoryOptions,
): LayerMemory {
  if (modules.length === 0) return { forward, backward };
  const sum = (of: (module: ModuleSizes) => number): number => modules.reduce((all, module) => all + of(module), 0);
  const kept = positions * sum(({ rank }) => rank) * half;
  const changes = positions * sum(({ outputs }) => outputs) * full * 2;
  const gradients = learns ? sum(({ rank, inputs, outputs }) => rank * (inputs + outputs)) * half : 0;
  const widest = positions * Math.max(...modules.map(({ inputs }) => inputs)) * full;
  return {
    forward: [
      { at: "the changes of the adapter", adds: { activations: kept, working: changes } },
      ...forward,
      { at: "the end of the adapter", frees: { working: changes } },
    ],
    backward: [
      { at: "the gradients of the adapter", adds: { gradients }, transient: widest * (drops ? 3 : 2) },
      ...backward,
      { at: "the end of the adapter", frees: { activations: kept } },
    ],
  };
}

/** Returns the modules of each of the decoder's layers, and those outside the layers under -1. */
export function modulesByLayer(modules: readonly ModuleSizes[]): ReadonlyMap<number, readonly ModuleSizes[]> {
  const found = new Map<number, ModuleSizes[]>();
  for (const module of modules) {
    const layer = Number(/\blayers\.(\d+)\./.exec(module.name)?.[1] ?? -1);
    found.set(layer, [...(found.get(layer) ?? []), module]);
  }
  return found;
}

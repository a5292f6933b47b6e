import { isDeepStrictEqual } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { readTensors, type StoredTensor } from "../weights/read-tensors.ts";
import type { KeptAdapter } from "../weights/weight-plan.ts";
import { adapterModule } from "./adapter-modules.ts";
import { kindOf } from "./same-adapter.ts";
import type { AdapterSlot, NetworkAdapter } from "./network-adapter.ts";

/** Reads an adapter into memory. Throws `invalid-checkpoint` for a tensor that cannot be read or is not finite. */
export async function loadedAdapter(
  { adapter, modules: planned }: KeptAdapter,
  slot: AdapterSlot,
  signal?: AbortSignal,
): Promise<NetworkAdapter> {
  const { dropout, keys } = adapter.config;
  const all = planned.map((sizes) => ({ sizes, module: adapterModule(sizes, dropout, slot) }));
  const dispose = (): void => {
    for (const { module } of all) module.dispose();
  };
  const tensors = all.flatMap(({ sizes: { update }, module: { a, b } }): readonly StoredTensor[] =>
    (
      [
        [update.a, a],
        [update.b, b],
      ] as const
    ).map(([name, weight]) => ({
      reader: update.reader,
      name,
      shape: weight.shape,
      take: (tensor: tf.Tensor) => weight.set(tensor),
    })),
  );
  try {
    await readTensors(tensors, signal);
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    config: keys,
    modules: new Map(all.map(({ sizes, module }) => [sizes.name, module])),
    dropout,
    weights: all.flatMap(({ module: { a, b } }) => [a, b]),
    dispose,
  };
}

/**
 * Replaces the adapter of a network and disposes of the old one; undefined removes it. If both adapters have the same
 * ranks on the same linear maps, only the values of the old variables are replaced.
 */
export function exchangeAdapter(slot: AdapterSlot, adapter: NetworkAdapter | undefined): void {
  const { adapter: before } = slot;
  if (!before || !adapter || !isDeepStrictEqual(kindOf(before), kindOf(adapter))) {
    slot.put(adapter);
    before?.dispose();
    return;
  }
  // By name, because PEFT sorts the linear maps.
  const values = new Map(adapter.weights.map(({ name, tensor }) => [name, tensor]));
  for (const weight of before.weights) {
    const tensor = values.get(weight.name);
    if (tensor) weight.set(tf.clone(tensor));
  }
  adapter.dispose();
}

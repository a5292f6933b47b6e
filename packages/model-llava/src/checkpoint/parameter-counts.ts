import type { AdapterOptions, Component, ModelInspection } from "@mlan/core";
import { modulesOf, parametersOf } from "../adapter/new-adapter.ts";
import { checkSameAdapter } from "../adapter/same-adapter.ts";
import { declareNetwork, type NetworkSizes } from "../network/llava-network.ts";
import { weightList } from "../weights/weight-list.ts";
import type { WeightPlan } from "../weights/weight-plan.ts";

/** Returns the number of parameters of an adapter. Throws `invalid-options` for options that do not fit the model. */
export function adapterParameters(options: AdapterOptions, sizes: NetworkSizes, { kept }: WeightPlan): number {
  const list = weightList();
  const { decoder } = declareNetwork(sizes, list);
  const modules = modulesOf({ linears: list.linears, head: decoder.head }, options);
  if (kept) {
    const { modules: has, adapter } = kept;
    checkSameAdapter({ modules: has, dropout: adapter.config.dropout }, { modules, dropout: options.dropout });
  }
  return parametersOf(modules);
}

/** Returns the number of parameters by component. */
export function parameterCounts({ stored, fresh, kept }: WeightPlan): ModelInspection["parameters"] {
  const counts: Partial<Record<Component, number>> = {};
  for (const { component, size } of [...stored.map(({ weight }) => weight), ...fresh]) {
    counts[component] = (counts[component] ?? 0) + size;
  }
  if (kept) counts.adapter = parametersOf(kept.modules);
  return counts;
}

import { type Parameter, pathOf } from "@mlan/core";
import type { NetworkAdapter } from "../adapter/network-adapter.ts";
import type { ConfigObject } from "../config/config-file.ts";
import type { LowRankAdapter } from "../linear/adapted-linear.ts";
import { PROJECTOR_PREFIX } from "../network/projector.ts";
import type { CheckpointContent } from "./checkpoint-content.ts";
import { type Factors, merged } from "./merged-values.ts";

/** Returns PEFT's name for a parameter of an adapter's base model. */
export function peftName(name: string): string {
  return `base_model.model.${name}`;
}

/**
 * Returns the keys of an `adapter_config.json`. They name the base model. A trained projector is listed under the
 * modules saved in full.
 */
export function adapterConfigKeys(adapter: NetworkAdapter, { base, changed }: CheckpointContent): ConfigObject {
  // PEFT cannot load the base from its folder if an adapter was merged into it or its own weights were trained.
  const isBase = base.adapter === undefined && !changed.has("language") && !changed.has("vision");
  return {
    ...adapter.config,
    base_model_name_or_path: isBase ? pathOf(base.weights) : null,
    modules_to_save: changed.has("projector") ? [PROJECTOR_PREFIX.slice("model.".length, -1)] : null,
    inference_mode: true,
  };
}

/** Returns the parameters of the whole model with the adapter merged in float32, as in PEFT. */
export function mergedParameters(
  weights: readonly Parameter[],
  adapter: NetworkAdapter | undefined,
): readonly Parameter[] {
  const modules = new Map([...(adapter?.modules ?? [])].map(([name, module]) => [`${name}.weight`, module]));
  return weights
    .filter(({ component }) => component !== "adapter")
    .map((weight): Parameter => {
      const module = modules.get(weight.name);
      if (!module) return weight;
      const { name, component, shape } = weight;
      return {
        name,
        component,
        shape,
        read: async () => merged(Float32Array.from(await weight.read()), await factorsOf(module)),
      };
    });
}

async function factorsOf({ a, b, scale }: LowRankAdapter): Promise<Factors> {
  return { down: await a.read(), up: await b.read(), rank: a.shape[0], scale };
}

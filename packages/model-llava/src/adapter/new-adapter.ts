import { type AdapterOptions, deriveSeed, seededRandom } from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";
import type { AdaptableLinear } from "../linear/adaptable-linear.ts";
import type { Weight } from "../weights/weight.ts";
import { adapterModule, type ModuleSizes } from "./adapter-modules.ts";
import type { AdapterSlot, NetworkAdapter } from "./network-adapter.ts";
import { type AdaptableNetwork, targetLinears } from "./target-linears.ts";

/**
 * Returns the sizes of the LoRA updates that `options` describe. Throws `invalid-options` like {@link targetLinears}.
 */
export function modulesOf(network: AdaptableNetwork, options: AdapterOptions): readonly ModuleSizes[] {
  const { rank, alpha, rankStabilized } = options;
  const scale = alpha / (rankStabilized ? Math.sqrt(rank) : rank);
  return targetLinears(network, options).map(({ name, inputs, outputs }) => ({ name, inputs, outputs, rank, scale }));
}

export function parametersOf(modules: readonly ModuleSizes[]): number {
  return modules.reduce((sum, { rank, inputs, outputs }) => sum + rank * (inputs + outputs), 0);
}

/**
 * Creates an adapter initialized as in PEFT: A is uniform within ±1/sqrt(inputs) and B is zero. Throws
 * `invalid-options` like {@link targetLinears}.
 */
export function newAdapter(
  network: AdaptableNetwork,
  options: AdapterOptions,
  { seed, slot }: { readonly seed: number; readonly slot: AdapterSlot },
): NetworkAdapter {
  const all = modulesOf(network, options).map((sizes) => [sizes, adapterModule(sizes, options.dropout, slot)] as const);
  for (const [{ inputs }, { a, b }] of all) {
    a.set(tf.tensor(uniform(a, 1 / Math.sqrt(inputs), seed), a.shape));
    b.set(tf.zeros(b.shape));
  }
  const modules = all.map(([, module]) => module);
  return {
    config: configOf(
      network,
      options,
      all.map(([{ name }]) => name),
    ),
    modules: new Map(all.map(([{ name }, module]) => [name, module])),
    dropout: options.dropout,
    weights: modules.flatMap(({ a, b }) => [a, b]),
    dispose: () => {
      for (const module of modules) module.dispose();
    },
  };
}

function uniform({ name, size }: Weight, bound: number, seed: number): Float32Array {
  const random = seededRandom(deriveSeed(seed, name));
  return Float32Array.from({ length: size }, () => (random.next() * 2 - 1) * bound);
}

function configOf(
  { linears }: AdaptableNetwork,
  { rank, alpha, dropout, rankStabilized }: AdapterOptions,
  names: readonly string[],
): NetworkAdapter["config"] {
  return {
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    use_rslora: rankStabilized,
    target_modules: shortNames(linears, names),
    bias: "none",
    fan_in_fan_out: false,
    init_lora_weights: true,
    inference_mode: true,
  };
}

/**
 * Returns the last part of each name if PEFT would select the same linear maps by these parts; otherwise the full
 * names.
 */
function shortNames(linears: readonly AdaptableLinear[], names: readonly string[]): readonly string[] {
  const ends = [...new Set(names.map((name) => name.slice(name.lastIndexOf(".") + 1)))];
  const chosen = linears.filter(({ name }) => ends.some((end) => name === end || name.endsWith(`.${end}`)));
  return chosen.length === names.length ? ends : names;
}

import { isDeepStrictEqual } from "node:util";
import { MlanError } from "@mlan/core";
import type { ModuleSizes } from "./adapter-modules.ts";
import type { NetworkAdapter } from "./network-adapter.ts";

/** The properties that two adapters must share to be interchangeable. */
export interface AdapterKind {
  readonly modules: readonly Pick<ModuleSizes, "name" | "rank" | "scale">[];
  readonly dropout: number;
}

/** Returns the properties of an adapter, sorted by name. */
export function kindOf({ modules, dropout }: NetworkAdapter): AdapterKind {
  const all = [...modules].map(([name, { a, scale }]) => ({ name, rank: a.shape[0], scale }));
  return { modules: all.toSorted((one, other) => (one.name < other.name ? -1 : 1)), dropout };
}

/** Throws `invalid-options` if an adapter does not match the options of a recipe. */
export function checkSameAdapter(has: AdapterKind, wanted: AdapterKind): void {
  if (isDeepStrictEqual(comparable(has), comparable(wanted))) return;
  throw new MlanError(
    "invalid-options",
    `model-llava: the model has an adapter ${shown(has)} already, but the recipe adds one ${shown(wanted)}. Give the recipe the same ` +
      "options to train it further, or export the model, which merges the adapter, and start from the export.",
  );
}

function comparable({ modules, dropout }: AdapterKind): unknown {
  return [dropout, new Map(modules.map(({ name, rank, scale }) => [name, [rank, scale]]))];
}

function shown({ modules, dropout }: AdapterKind): string {
  const ranks = [...new Set(modules.map(({ rank }) => rank))].join(" and ");
  const scales = [...new Set(modules.map(({ scale }) => scale))].join(" and ");
  const ends = [...new Set(modules.map(({ name }) => name.slice(name.lastIndexOf(".") + 1)))].join(", ");
  return `of rank ${ranks}, factor ${scales} and dropout ${dropout} on ${modules.length} linear maps (${ends})`;
}

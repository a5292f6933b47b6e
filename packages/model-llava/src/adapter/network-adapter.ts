import type { DropoutMask } from "@mlan/fused-ops";
import type * as tf from "@tensorflow/tfjs-core";
import type { ConfigObject } from "../config/config-file.ts";
import type { AdaptableLinear } from "../linear/adaptable-linear.ts";
import type { LowRankAdapter } from "../linear/adapted-linear.ts";
import type { Weight } from "../weights/weight.ts";

/** A low-rank adapter in memory. */
export interface NetworkAdapter {
  /** The keys of PEFT's `adapter_config.json`. */
  readonly config: ConfigObject;
  /** The adapter's parts, by the names of the linear maps that they adapt. */
  readonly modules: ReadonlyMap<string, LowRankAdapter>;
  /** Probability with which each value of the input is dropped during training. */
  readonly dropout: number;
  /** The weights A and B for each linear map. */
  readonly weights: readonly Weight[];
  dispose(): void;
}

/** The random numbers of the dropout in the current pass, see {@link DropoutMask.rows}. */
export type DropoutRows = DropoutMask["rows"];

/** Holds the adapter of a network, and lets another one take its place for a while. */
export class AdapterSlot {
  readonly #linears: readonly AdaptableLinear[];
  #adapter: NetworkAdapter | undefined;
  #selected: NetworkAdapter | undefined;
  #rows: DropoutRows | undefined;

  constructor(linears: readonly AdaptableLinear[]) {
    this.#linears = linears;
  }

  /** The network's own adapter, which is trained and saved. */
  get adapter(): NetworkAdapter | undefined {
    return this.#adapter;
  }

  /** The random numbers of the dropout in the current pass; undefined if nothing is dropped. */
  get rows(): DropoutRows | undefined {
    return this.#rows;
  }

  /** Replaces the network's adapter; undefined removes it. The caller disposes of the old one. */
  put(adapter: NetworkAdapter | undefined): void {
    this.#adapter = adapter;
    this.select(adapter);
  }

  /** Selects the adapter that computes until the next call. Default: the network's own, if there is one. */
  select(adapter: NetworkAdapter | undefined = this.#adapter): void {
    if (adapter === this.#selected) return;
    this.#selected = adapter;
    for (const linear of this.#linears) linear.adapt(adapter?.modules.get(linear.name));
  }

  /** Runs `compute` with dropout according to `rows`. */
  dropping(rows: DropoutRows, compute: () => tf.Tensor2D): tf.Tensor2D {
    this.#rows = rows;
    try {
      return compute();
    } finally {
      this.#rows = undefined;
    }
  }
}

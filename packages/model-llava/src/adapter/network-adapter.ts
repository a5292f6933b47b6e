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
  /** The updates, by the names of the linear maps. */
  readonly modules: ReadonlyMap<string, LowRankAdapter>;
  /** Probability with which each input value of an adapted linear map is dropped during training. */
  readonly dropout: number;
  /** The matrices A and B of all linear maps. */
  readonly weights: readonly Weight[];
  dispose(): void;
}

/** The random numbers for the dropout of one pass; see {@link DropoutMask.rows}. */
export type DropoutRows = DropoutMask["rows"];

/** The place in a network that holds its adapter. Requests can temporarily select a different adapter. */
export class AdapterSlot {
  readonly #linears: readonly AdaptableLinear[];
  #adapter: NetworkAdapter | undefined;
  #selected: NetworkAdapter | undefined;
  #rows: DropoutRows | undefined;

  constructor(linears: readonly AdaptableLinear[]) {
    this.#linears = linears;
  }

  /** The network's own adapter, the one that is trained and saved. */
  get adapter(): NetworkAdapter | undefined {
    return this.#adapter;
  }

  /** The random numbers for the dropout of the current pass; undefined without dropout. */
  get rows(): DropoutRows | undefined {
    return this.#rows;
  }

  /** Replaces the network's own adapter; undefined removes it. The caller disposes of the old adapter. */
  put(adapter: NetworkAdapter | undefined): void {
    this.#adapter = adapter;
    this.select(adapter);
  }

  /** Selects the adapter for all computations until the next call. Default: the network's own adapter. */
  select(adapter: NetworkAdapter | undefined = this.#adapter): void {
    if (adapter === this.#selected) return;
    this.#selected = adapter;
    for (const linear of this.#linears) linear.adapt(adapter?.modules.get(linear.name));
  }

  /** Runs `compute` with the dropout that `rows` defines. */
  dropping(rows: DropoutRows, compute: () => tf.Tensor2D): tf.Tensor2D {
    this.#rows = rows;
    try {
      return compute();
    } finally {
      this.#rows = undefined;
    }
  }
}

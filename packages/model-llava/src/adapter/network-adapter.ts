import type { DropoutMask } from "@mlan/fused-ops";
import type * as tf from "@tensorflow/tfjs-core";
import type { ConfigObject } from "../config/config-file.ts";
import type { AdaptableLinear } from "../linear/adaptable-linear.ts";
import type { LowRankAdapter } from "../linear/adapted-linear.ts";
import type { Weight } from "../weights/weight.ts";

/** A low-rank adapter in memory. */
export interface NetworkAdapter {
  /** PEFT's `adapter_config.json`. */
  readonly config: ConfigObject;
  /** By the name of the linear map that it changes. */
  readonly modules: ReadonlyMap<string, LowRankAdapter>;
  /** Share of the input that is dropped while it trains. */
  readonly dropout: number;
  /** A and B of each linear map. */
  readonly weights: readonly Weight[];
  dispose(): void;
}

/** The rows of the dropout in the pass that is computed: see {@link DropoutMask.rows}. */
export type DropoutRows = DropoutMask["rows"];

/** Where a network has its adapter. */
export class AdapterSlot {
  readonly #linears: readonly AdaptableLinear[];
  #adapter: NetworkAdapter | undefined;
  #rows: DropoutRows | undefined;

  constructor(linears: readonly AdaptableLinear[]) {
    this.#linears = linears;
  }

  get adapter(): NetworkAdapter | undefined {
    return this.#adapter;
  }

  /** The rows of the pass that is being computed; undefined where nothing is dropped. */
  get rows(): DropoutRows | undefined {
    return this.#rows;
  }

  /** Takes the place of the adapter that is there, which the caller disposes of; undefined leaves the network without one. */
  put(adapter: NetworkAdapter | undefined): void {
    this.#adapter = adapter;
    for (const linear of this.#linears) linear.adapt(adapter?.modules.get(linear.name));
  }

  /** Computes a part of a pass in which the adapter drops what `rows` says. */
  dropping(rows: DropoutRows, compute: () => tf.Tensor2D): tf.Tensor2D {
    this.#rows = rows;
    try {
      return compute();
    } finally {
      this.#rows = undefined;
    }
  }
}

import type { Component } from "@mlan/core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";
import { type LowRankAdapter, withAdapter } from "./adapted-linear.ts";
import type { Linear } from "./linear.ts";

/** A linear map whose adapter can be replaced. */
export class AdaptableLinear implements Linear {
  /** Name of the linear map in a checkpoint, e.g. `model.layers.0.mlp.up_proj`. */
  readonly name: string;
  readonly component: Component;
  /** The linear map without the adapter. */
  readonly base: Linear;
  #current: Linear;

  constructor(component: Component, name: string, base: Linear) {
    this.name = name;
    this.component = component;
    this.base = base;
    this.#current = base;
  }

  get inputs(): number {
    return this.base.inputs;
  }

  get outputs(): number {
    return this.base.outputs;
  }

  get multiplyAdds(): number {
    return this.#current.multiplyAdds;
  }

  get weights(): readonly Weight[] {
    return this.#current.weights;
  }

  /** Replaces the adapter; undefined removes it. The caller keeps ownership. */
  adapt(adapter: LowRankAdapter | undefined): void {
    this.#current = adapter ? withAdapter(this.base, adapter) : this.base;
  }

  apply(input: Tensor2D): Tensor2D {
    return this.#current.apply(input);
  }
}

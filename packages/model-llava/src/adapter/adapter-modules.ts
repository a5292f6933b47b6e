import { deriveSeed, seededRandom } from "@mlan/core";
import { type DropoutMask, dropoutColumns } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import type { LowRankAdapter } from "../linear/adapted-linear.ts";
import { Weight } from "../weights/weight.ts";
import type { AdapterSlot } from "./network-adapter.ts";

/** Shapes and scale of the LoRA update of one linear map. */
export interface ModuleSizes {
  /** Name of the linear map in a checkpoint. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly rank: number;
  /** Factor of the product B A. */
  readonly scale: number;
}

/** The LoRA update of one linear map. Its weights are declared but not loaded. */
export interface AdapterModule extends LowRankAdapter {
  dispose(): void;
}

export function adapterModule(
  { name, inputs, outputs, rank, scale }: ModuleSizes,
  dropout: number,
  slot: AdapterSlot,
): AdapterModule {
  const a = new Weight<tf.Rank.R2>("adapter", `${name}.lora_A.weight`, [rank, inputs]);
  const b = new Weight<tf.Rank.R2>("adapter", `${name}.lora_B.weight`, [outputs, rank]);
  let columns: tf.Tensor2D | undefined;
  if (dropout > 0) {
    const random = seededRandom(deriveSeed(0, name));
    columns = tf.keep(tf.tensor2d(dropoutColumns(inputs, random.next), [3, inputs]));
  }
  return {
    a,
    b,
    scale,
    dropout(): DropoutMask | undefined {
      const { rows } = slot;
      return rows && columns && { rate: dropout, rows, columns };
    },
    dispose() {
      a.dispose();
      b.dispose();
      columns?.dispose();
    },
  };
}

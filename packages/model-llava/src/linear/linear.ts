import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";

/** A linear map. Its matrix may have any storage format. */
export interface Linear {
  readonly inputs: number;
  readonly outputs: number;
  /** Multiply-adds per row of input. */
  readonly multiplyAdds: number;
  /** The trainable weights, in the order of declaration. */
  readonly weights: readonly Weight[];
  /** Maps [n, inputs] to [n, outputs]. */
  apply(input: Tensor2D): Tensor2D;
}

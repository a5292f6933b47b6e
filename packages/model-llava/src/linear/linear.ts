import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";

/** A linear map, in any storage format. */
export interface Linear {
  readonly inputs: number;
  readonly outputs: number;
  /** Number of multiply-adds per row of input. */
  readonly multiplyAdds: number;
  /** The weights that can be trained, in the order of declaration. */
  readonly weights: readonly Weight[];
  /** Maps [n, inputs] to [n, outputs]. */
  apply(input: Tensor2D): Tensor2D;
}

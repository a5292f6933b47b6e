import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";

/** A linear map, in any storage format. */
export interface Linear {
  readonly inputs: number;
  readonly outputs: number;
  /** Multiply-adds per row of input. */
  readonly multiplyAdds: number;
  /** Its weights that may learn, in the order of declaration. */
  readonly weights: readonly Weight[];
  /** [n, inputs] to [n, outputs]. */
  apply(input: Tensor2D): Tensor2D;
}

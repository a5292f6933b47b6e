import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Weight } from "../weights/weight.ts";

/** A weight that is multiplied with, however it is stored. */
export interface Linear {
  readonly inputs: number;
  readonly outputs: number;
  /** Multiplications, each with an addition, per row of input. */
  readonly multiplyAdds: number;
  /** Those of its values that are a model's weights and may learn, in the order of declaration. */
  readonly weights: readonly Weight[];
  /** [n, inputs] to [n, outputs]. */
  apply(input: Tensor2D): Tensor2D;
}

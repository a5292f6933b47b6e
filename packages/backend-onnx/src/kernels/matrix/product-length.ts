import { BackendError } from "../../backend-error.ts";

/** Each factor costs a float32 half a unit in its last place: so many of them 1e-5. */
const LONGEST_PRODUCT = 2048;

/** Throws {@link BackendError} "unsupported" where a product of so many numbers in float32 would not be what it says. */
export function assertShortProduct(name: string, count: number): void {
  if (count <= LONGEST_PRODUCT) return;
  throw new BackendError(
    "unsupported",
    `${name} of ${count} numbers: WebGPU has no float64, and a float32 loses its digits over more than ${LONGEST_PRODUCT} factors. ` +
      'Use provider: "cpu", or take the logarithms and tf.sum or tf.cumsum them.',
  );
}

import { BackendError } from "../../backend-error.ts";

/**
 * Maximum number of factors. Each factor adds a rounding error of up to half a unit in the last place: 1e-5 in total
 * for this many factors.
 */
const LONGEST_PRODUCT = 2048;

/** Throws {@link BackendError} "unsupported" if a float32 product of `count` numbers would be too inaccurate. */
export function assertShortProduct(name: string, count: number): void {
  if (count <= LONGEST_PRODUCT) return;
  throw new BackendError(
    "unsupported",
    `${name} of ${count} numbers: WebGPU has no float64, and float32 is too inaccurate for more than ${LONGEST_PRODUCT} factors. ` +
      'Use provider: "cpu", or add logarithms with tf.sum or tf.cumsum instead.',
  );
}

import { BackendError } from "../../backend-error.ts";

/** Each factor adds an error of half a unit in a float32's last place; this many factors add up to 1e-5. */
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

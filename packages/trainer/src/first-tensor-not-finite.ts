import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * Returns the index of the first tensor with a value that is NaN or infinite. Computes the sum of each tensor, and
 * reads all sums at once. A sum of finite values may overflow, so the values of a tensor whose sum is not finite are
 * then checked one by one.
 */
export async function firstTensorNotFinite(
  tensors: readonly (Tensor | undefined)[],
): Promise<{ readonly index: number } | undefined> {
  const present = tensors.flatMap((tensor, index) => (tensor ? [{ tensor, index }] : []));
  if (present.length === 0) return undefined;
  const sums = tf.tidy(() => tf.stack(present.map(({ tensor }) => tf.sum(tensor))));
  const values = await sums.data<"float32">();
  sums.dispose();
  for (const [place, { tensor, index }] of present.entries()) {
    if (Number.isFinite(values[place])) continue;
    if ((await tensor.data()).some((value) => !Number.isFinite(value))) return { index };
  }
  return undefined;
}

import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/**
 * The first of these tensors with a value that is NaN or infinite. A sum is not finite when one of its terms is not,
 * takes no memory beside the tensor, and is read once for all of them; as terms may also overflow together, those of such
 * a sum are looked at one by one.
 */
export async function firstNotFinite(
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

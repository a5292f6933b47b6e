import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./custom-gradient.ts";
import { type Range, ranges, sizeOf } from "./ranges.ts";
import { segmentBoundary } from "./segment-boundary.ts";
import { differentiated } from "./value-and-gradients.ts";

export interface BlocksOptions {
  /** Maximum number of rows per block. */
  readonly rows: number;
  /** Other tensors that the function uses and that need a gradient, such as weights. */
  readonly captured?: readonly tf.Tensor[];
}

/**
 * Returns the sum of the scalars `fn(rows, start)` over blocks of consecutive rows of `input` [n, d]; `start` is the
 * index of a block's first row. While gradients are recorded, each block's gradients are computed right after its
 * value, and only the gradients of `input` and `captured` are kept. Throws a `RangeError` if there are no rows.
 */
export function sumOverBlocks(
  fn: (rows: tf.Tensor2D, start: number) => tf.Scalar,
  input: tf.Tensor2D,
  { rows: most, captured = [] }: BlocksOptions,
): tf.Scalar {
  const blocks = ranges(input.shape[0], most);
  const block = (range: Range): tf.Tensor2D => tf.slice(input, [range.start, 0], [sizeOf(range), -1]);
  if (tf.engine().state.gradientDepth === 0)
    return tf.tidy(() => tf.addN(blocks.map((range) => tf.tidy(() => fn(block(range), range.start)))));
  return withGradient<tf.Scalar>([input, ...captured], (save) => {
    const dInputs: tf.Tensor[] = [];
    let sums: readonly tf.Tensor[] = [];
    for (const range of blocks) {
      // If they were scheduled together, the results of all blocks could be in memory at once.
      segmentBoundary();
      const before = sums;
      const [dInput, ...more] = tf.tidy(() => {
        const given = block(range);
        const { value, gradients } = differentiated(() => fn(given, range.start), [given, ...captured]);
        const [dGiven, ...dCaptured] = [given, ...captured].map(
          (tensor, index) => gradients[index] ?? tf.zerosLike(tensor),
        );
        const added = [value, ...dCaptured].map((tensor, index) =>
          before[index] ? tf.add(before[index], tensor) : tensor,
        );
        return [...(dGiven ? [dGiven] : []), ...added];
      });
      if (dInput) dInputs.push(dInput);
      sums = more;
      tf.dispose([...before]);
    }
    segmentBoundary();
    const [value, ...dCaptured] = sums;
    if (!value) throw new RangeError("fused-ops: there are no rows to sum over.");
    save(tf.concat(dInputs, 0), ...dCaptured);
    tf.dispose([...dInputs, ...dCaptured]);
    return { value: value as tf.Scalar, gradient: (dy, saved) => saved.map((gradient) => tf.mul(gradient, dy)) };
  });
}

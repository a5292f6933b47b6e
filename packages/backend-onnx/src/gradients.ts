import * as tf from "@tensorflow/tfjs-core";
import type { GradConfig } from "@tensorflow/tfjs-core";

/**
 * The kernel that returns its indices unchanged and fails if one of them is not in [0, `limit`); `limit` is an
 * attribute.
 */
export const CHECKED_INDICES = "CheckedIndices";

/** The weight of each input element in a reduction of `reduced` elements. */
type Share = (reduced: number) => number;

const SHARES: Readonly<Record<string, Share>> = { [tf.Sum]: () => 1, [tf.Mean]: (reduced) => 1 / reduced };

const rewritten = new WeakSet<GradConfig>();

/**
 * Replaces registered gradients on this backend. Other backends keep theirs, and later registrations are unaffected.
 * tfjs-core's gradients of sums and means multiply by arrays of ones as large as the input; the replacements broadcast.
 * The replacement for gather's gradient throws for out-of-range indices.
 */
export function rewriteGradients(backendName: string): void {
  for (const [kernelName, share] of Object.entries(SHARES)) {
    const original: GradConfig | undefined = tf.getGradient(kernelName);
    if (original === undefined || rewritten.has(original)) continue;
    const config = repeating(original, share, backendName);
    rewritten.add(config);
    tf.registerGradient(config);
  }
  const gather: GradConfig | undefined = tf.getGradient(tf.GatherV2);
  if (gather === undefined || rewritten.has(gather)) return;
  const config = checkingIndices(gather, backendName);
  rewritten.add(config);
  tf.registerGradient(config);
}

/**
 * Makes the gradient of gather check its indices. The gradient in tfjs-core ignores out-of-range indices, and the
 * forward pass that would throw may never run.
 */
function checkingIndices(original: GradConfig, backendName: string): GradConfig {
  return {
    ...original,
    gradFunc(dy, saved, attributes) {
      const [x, indices] = saved;
      if (x === undefined || indices === undefined || tf.getBackend() !== backendName) {
        return original.gradFunc(dy, saved, attributes);
      }
      const [axis = 0] = axesOf(attributes["axis"], x.shape);
      const checked: tf.Tensor = tf.engine().runKernel(CHECKED_INDICES, { indices }, { limit: x.shape[axis] ?? 0 });
      return original.gradFunc(dy, [x, checked], attributes);
    },
  };
}

function repeating(original: GradConfig, share: Share, backendName: string): GradConfig {
  return {
    ...original,
    gradFunc(dy, saved, attributes) {
      const [x] = saved;
      if (x === undefined || Array.isArray(dy) || tf.getBackend() !== backendName) {
        return original.gradFunc(dy, saved, attributes);
      }
      return { x: () => repeat(dy, x.shape, share, axesOf(attributes["axis"], x.shape)) };
    },
  };
}

function repeat(dy: tf.Tensor, shape: number[], share: Share, axes: readonly number[]): tf.Tensor {
  const inputShape = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const reduced = axes.reduce((size, axis) => size * (shape[axis] ?? 1), 1);
  const part = share(reduced);
  const shared = part === 1 ? dy : tf.mul(dy, part);
  return tf.engine().runKernel(tf.BroadcastTo, { x: tf.reshape(shared, inputShape) }, { shape, inputShape });
}

function axesOf(axis: unknown, shape: number[]): number[] {
  return tf.util.parseAxisParam(axis as number | number[], shape);
}

import type { ResamplingWeights } from "./resampling-weights.ts";

/**
 * The resampling weights of one axis of a canvas: those of the image's pixels, and for the rest of the canvas their
 * sum.
 */
export interface FramedWeights {
  /** For each output pixel, the index of its first weight in `weights`. */
  readonly first: Int32Array;
  /** For each output pixel, the index of the first image pixel that contributes to it. */
  readonly starts: Int32Array;
  /** For each output pixel, the number of image pixels that contribute to it; may be 0. */
  readonly counts: Int32Array;
  readonly weights: Int32Array;
  /** For each output pixel, the sum of its weights outside the image. */
  readonly outside: Int32Array;
}

/** Splits the weights of a canvas. The image covers `size` pixels of the canvas, beginning at `offset`. */
export function framedWeights(canvas: ResamplingWeights, offset: number, size: number): FramedWeights {
  const { taps, weights } = canvas;
  const length = canvas.starts.length;
  const first = new Int32Array(length);
  const starts = new Int32Array(length);
  const counts = new Int32Array(length);
  const outside = new Int32Array(length);
  for (let output = 0; output < length; output++) {
    const start = canvas.starts[output] ?? 0;
    const end = start + (canvas.counts[output] ?? 0);
    const from = Math.min(Math.max(start, offset), end);
    const to = Math.max(Math.min(end, offset + size), from);
    first[output] = output * taps + from - start;
    starts[output] = from - offset;
    counts[output] = to - from;
    let sum = 0;
    for (let pixel = start; pixel < end; pixel++) {
      if (pixel < from || pixel >= to) sum += weights[output * taps + pixel - start] ?? 0;
    }
    outside[output] = sum;
  }
  return { first, starts, counts, weights, outside };
}

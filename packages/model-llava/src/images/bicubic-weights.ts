/** A run of pixels along one axis. */
export interface Range {
  readonly start: number;
  readonly count: number;
}

/** For a range of output pixels along one axis: the input pixels that each reads, and their fixed-point weights. */
export interface ResamplingWeights {
  /** Weights per output pixel; unused ones at the end are 0. */
  readonly taps: number;
  /** First input pixel of each output pixel. */
  readonly starts: Int32Array;
  /** Number of input pixels of each output pixel. */
  readonly counts: Int32Array;
  /** [output pixel][tap], multiples of 2^-22. */
  readonly weights: Int32Array;
}

/** Fraction bits of the weights: 32 minus 8 for the pixel and 2 for overshoot, as in Pillow's `Resample.c`. */
export const PRECISION_BITS = 22;

const SUPPORT = 2;

/**
 * Pillow's bicubic filter (a = -0.5) from `inputSize` to `outputSize` pixels, widened when downscaling so that no input
 * pixel is skipped, in Pillow's order of operations and rounding. Returns the weights of the output pixels in `range`.
 */
export function bicubicWeights(inputSize: number, outputSize: number, range: Range): ResamplingWeights {
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = SUPPORT * filterScale;
  const taps = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(range.count);
  const counts = new Int32Array(range.count);
  const weights = new Int32Array(range.count * taps);
  const exact = new Float64Array(taps);
  for (let output = 0; output < range.count; output++) {
    const center = (range.start + output + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inputSize, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let tap = 0; tap < count; tap++) {
      const weight = bicubic((tap + start - center + 0.5) / filterScale);
      exact[tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < count; tap++) weights[output * taps + tap] = toFixedPoint((exact[tap] ?? 0) / sum);
    starts[output] = start;
    counts[output] = count;
  }
  return { taps, starts, counts, weights };
}

function bicubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

function toFixedPoint(weight: number): number {
  return Math.trunc((weight < 0 ? -0.5 : 0.5) + weight * 2 ** PRECISION_BITS);
}

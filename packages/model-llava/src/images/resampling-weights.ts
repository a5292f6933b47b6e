/** Consecutive pixels along an axis. */
interface Range {
  readonly start: number;
  readonly count: number;
}

/** The input pixels of each output pixel in a range along an axis, and their fixed-point weights. */
export interface ResamplingWeights {
  /** Number of weights per output pixel. Unused weights at the end are 0. */
  readonly taps: number;
  /** Index of the first input pixel of each output pixel. */
  readonly starts: Int32Array;
  /** Number of input pixels of each output pixel. */
  readonly counts: Int32Array;
  /** Weights [output pixels, taps], in units of 2^-22. */
  readonly weights: Int32Array;
}

/**
 * Number of fraction bits of the weights. Of 32 bits, Pillow's `Resample.c` uses 8 for the pixel and 2 for overshoot.
 */
export const PRECISION_BITS = 22;

/** Resampling filters, by their names in Pillow. */
export type Resampling = "lanczos" | "bilinear" | "bicubic" | "box" | "hamming";

export interface ResamplingOptions {
  readonly range: Range;
  readonly resampling: Resampling;
}

/**
 * Returns the weights of the output pixels in `range` when an axis is resized from `inputSize` to `outputSize` pixels.
 * Downscaling widens the filter so that no input pixel is skipped. Operations and rounding have the same order as in
 * Pillow.
 */
export function resamplingWeights(
  inputSize: number,
  outputSize: number,
  { range, resampling }: ResamplingOptions,
): ResamplingWeights {
  const filter = FILTERS[resampling];
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = filter.support * filterScale;
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
      const weight = filter.weight((tap + start - center + 0.5) / filterScale);
      exact[tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < count; tap++) weights[output * taps + tap] = toFixedPoint((exact[tap] ?? 0) / sum);
    starts[output] = start;
    counts[output] = count;
  }
  return { taps, starts, counts, weights };
}

interface Filter {
  /** Distance beyond which all weights are 0. */
  readonly support: number;
  readonly weight: (distance: number) => number;
}

const FILTERS: Readonly<Record<Resampling, Filter>> = {
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: bicubic },
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  hamming: { support: 1, weight: hamming },
};

function bicubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

function hamming(distance: number): number {
  const x = Math.abs(distance);
  return x < 1 ? sinc(x) * (0.54 + 0.46 * Math.cos(x * Math.PI)) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

function toFixedPoint(weight: number): number {
  return Math.trunc((weight < 0 ? -0.5 : 0.5) + weight * 2 ** PRECISION_BITS);
}

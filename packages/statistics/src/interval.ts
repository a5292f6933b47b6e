/** Where a number lies, with the confidence that the method promises. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Share of repetitions that such an interval covers the true value in, e.g. 0.95. */
  readonly level: number;
}

/** A confidence interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Confidence level: the proportion of repetitions in which the interval covers the true value, e.g. 0.95. */
  readonly level: number;
}

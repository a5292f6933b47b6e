export interface OpenRequest {
  /** Without a slash at its end. */
  readonly folder: string;
  readonly threads: number;
}

/** What opening a checkpoint took, above the process before it. */
export interface Opened {
  readonly seconds: number;
  readonly processorSeconds: number;
  /** Bytes, when it is open. */
  readonly resident: number;
  /** Bytes, the most on the way. */
  readonly peak: number;
  /** Of the values of one matrix, in float64: both sides must have read the same. */
  readonly sum: number;
}

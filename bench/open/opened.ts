export interface OpenRequest {
  /** Without a trailing slash. */
  readonly folder: string;
  readonly threads: number;
}

/** Time and memory to open a checkpoint, in addition to those of the process before. */
export interface Opened {
  readonly seconds: number;
  readonly processorSeconds: number;
  /** Bytes once it is open. */
  readonly resident: number;
  /** Peak bytes while opening. */
  readonly peak: number;
  /** Sum of the values of one matrix in float64: both sides must have read the same. */
  readonly sum: number;
}

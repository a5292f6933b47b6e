export interface OpenRequest {
  /** Path without a trailing slash. */
  readonly folder: string;
  readonly threads: number;
}

/** Time and memory to open a checkpoint, without those of the process itself. */
export interface Opened {
  readonly seconds: number;
  readonly processorSeconds: number;
  /** Bytes in memory when it is open. */
  readonly resident: number;
  /** Peak bytes during opening. */
  readonly peak: number;
  /** Sum of the values of one matrix in float64, to check that both sides have read the same. */
  readonly sum: number;
}

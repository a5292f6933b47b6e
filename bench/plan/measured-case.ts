import type { MemoryEstimate } from "@mlan/core";

/** What is planned and run: one stage with a model of random weights. */
export interface MeasuredCase {
  /** Path of the checkpoint, without a trailing slash. */
  readonly folder: string;
  readonly threads: number;
  readonly weightFormat: "float32" | "stored" | "int8" | "int4";
  /** Conversations per micro-batch, or questions per batch. */
  readonly rows: number;
  /** Positions of each row, or of each question without its image. */
  readonly length: number;
  /** Whether each row has an image. */
  readonly images: boolean;
  /** What the stage does; "full" trains all weights of the language model. */
  readonly task: "full" | "adapter" | "answers";
  /** Rank of the adapter. */
  readonly rank: number;
  readonly microBatches: number;
  readonly gradientCheckpointing: boolean;
}

/** What a process does with a case. */
export interface CaseRequest {
  readonly measured: MeasuredCase;
  readonly action: "plan" | "run";
}

export interface PlannedCase {
  readonly memory: MemoryEstimate;
  /** The batch, as planned. */
  readonly batch: string;
}

/** Bytes of the process as the system counts them. */
export interface RunCase {
  readonly peak: number;
  /** The peak so far, and memory that is not a file's, after each event of the run. */
  readonly events: readonly {
    readonly type: string;
    readonly peak: number;
    readonly anonymous: number;
    readonly files: number;
  }[];
}

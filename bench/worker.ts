import type { Batch } from "./llama/batches.ts";
import type { LineProcess } from "./line-process.ts";
import type { Configuration } from "./llama/configuration.ts";

export interface Setup {
  readonly configuration: Configuration;
  /** A safetensors file. */
  readonly weights: string;
  readonly threads: number;
  readonly task: "train" | "lora" | "forward" | "generate";
  readonly learningRate: number;
  /** Of the adapters, for the task "lora". */
  readonly rank: number;
}

export interface TrainedStep {
  readonly milliseconds: number;
  /** Before the update. */
  readonly loss: number;
}

export interface Prompt {
  /** Flat [rows * length]. */
  readonly tokens: readonly number[];
  readonly rows: number;
  readonly newTokens: number;
}

export interface Generated {
  readonly milliseconds: number;
  /** Flat [rows * newTokens]. */
  readonly tokens: readonly number[];
}

export interface Memory {
  /** The largest resident set so far. */
  readonly peakBytes: number;
  /** The time that compiling took, where something is compiled. */
  readonly compileMilliseconds?: number;
  /** Operations that the last step asked TensorFlow for, where they are counted. */
  readonly dispatchesPerStep?: number;
}

/** A process that has the model and answers one request at a time: one JSON object per line, both ways. */
export interface Worker {
  readonly name: string;
  setup(setup: Setup): Promise<{ readonly versions: string }>;
  train(batch: Batch): Promise<TrainedStep>;
  generate(prompt: Prompt): Promise<Generated>;
  memory(): Promise<Memory>;
  stop(): void;
}

/** `process` as a worker: the other side of each line is written in `peers/`. */
export function workerOf({ name, ask, stop }: LineProcess): Worker {
  return {
    name,
    setup: (setup) => ask({ do: "setup", ...setup }),
    train: (batch) => ask({ do: "train", ...batch }),
    generate: (prompt) => ask({ do: "generate", ...prompt }),
    memory: () => ask({ do: "memory" }),
    stop,
  };
}

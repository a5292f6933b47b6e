import type { Batch } from "./batches.ts";
import type { Configuration } from "./checkpoint/configuration.ts";
import type { LineProcess } from "./line-process.ts";
import type { Multiplier } from "./throughput.ts";

export interface Setup {
  readonly configuration: Configuration;
  /** A folder in the layout of the Hugging Face Hub. */
  readonly checkpoint: string;
  readonly threads: number;
  /** "gpu": onnx on its provider "webgpu", tensorflow and PyTorch on CUDA. */
  readonly device: "cpu" | "gpu";
  readonly task: "train" | "generate";
  readonly learningRate: number;
}

export interface TrainedStep {
  readonly milliseconds: number;
  /** Before the update. */
  readonly loss: number;
}

export interface Prompts {
  /** As many tokens each. */
  readonly texts: readonly string[];
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
export interface Worker extends Multiplier {
  setup(setup: Setup): Promise<{ readonly versions: string }>;
  train(batch: Batch): Promise<TrainedStep>;
  generate(prompts: Prompts & { readonly tokens: readonly (readonly number[])[] }): Promise<Generated>;
  memory(): Promise<Memory>;
  stop(): void;
}

/** `process` as a worker: the other side of each line is written in `peers/`. */
export function workerOf({ name, ask, stop }: LineProcess): Worker {
  return {
    name,
    setup: (setup) => ask({ do: "setup", ...setup }),
    throughput: () => ask({ do: "throughput" }),
    train: (batch) => ask({ do: "train", ...batch }),
    generate: (prompts) => ask({ do: "generate", ...prompts }),
    memory: () => ask({ do: "memory" }),
    stop,
  };
}

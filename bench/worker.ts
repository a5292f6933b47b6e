import type { Batch } from "./batches.ts";
import type { Configuration } from "./checkpoint/configuration.ts";
import type { LineProcess } from "./line-process.ts";
import type { Multiplier } from "./throughput.ts";

export interface Setup {
  readonly configuration: Configuration;
  /** A checkpoint folder in Hugging Face layout. */
  readonly checkpoint: string;
  readonly threads: number;
  /** "gpu": onnx on its provider "webgpu", tensorflow and PyTorch on CUDA. */
  readonly device: "cpu" | "gpu";
  readonly task: "train" | "generate";
  readonly learningRate: number;
}

export interface TrainedStep {
  readonly milliseconds: number;
  /** The loss before the update. */
  readonly loss: number;
}

export interface Prompts {
  /** Texts with equal numbers of tokens. */
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
  /** Time spent compiling, if this side compiles. */
  readonly compileMilliseconds?: number;
  /** Number of operations dispatched to TensorFlow in the last step, if counted. */
  readonly dispatchesPerStep?: number;
}

/** A process that holds the model and answers one request at a time: one JSON object per line in each direction. */
export interface Worker extends Multiplier {
  setup(setup: Setup): Promise<{ readonly versions: string }>;
  train(batch: Batch): Promise<TrainedStep>;
  generate(prompts: Prompts & { readonly tokens: readonly (readonly number[])[] }): Promise<Generated>;
  memory(): Promise<Memory>;
  stop(): void;
}

/** Turns a process into a worker. The files in `peers/` are the other side. */
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

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Batch } from "./llama/batches.ts";
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

/** A process that has the model and answers one request at a time: one JSON object per line, both ways. */
export interface Worker {
  readonly name: string;
  setup(setup: Setup): Promise<{ readonly versions: string }>;
  train(batch: Batch): Promise<TrainedStep>;
  generate(prompt: Prompt): Promise<Generated>;
  /** The largest resident set so far, and the time that compiling took where something is compiled. */
  memory(): Promise<{ readonly peakBytes: number; readonly compileMilliseconds?: number }>;
  stop(): void;
}

export function startWorker(name: string, command: string, parameters: readonly string[]): Worker {
  const child = spawn(command, [...parameters], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // The protocol's types are those of the interface; each side of a line is written in this folder.
  const ask = async <Answer>(request: object): Promise<Answer> => {
    write(child, `${JSON.stringify(request)}\n`);
    const { value, done } = await answers.next();
    if (done === true) throw new Error(`${name} ended (exit code ${child.exitCode}) instead of answering; see above.`);
    return JSON.parse(value) as Answer;
  };
  return {
    name,
    setup: (setup) => ask({ do: "setup", ...setup }),
    train: (batch) => ask({ do: "train", ...batch }),
    generate: (prompt) => ask({ do: "generate", ...prompt }),
    memory: () => ask({ do: "memory" }),
    stop: () => child.kill(),
  };
}

function write({ stdin }: ChildProcess, text: string): void {
  if (stdin === null) throw new Error("the worker has no stdin");
  stdin.write(text);
}

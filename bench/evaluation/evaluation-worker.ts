import type { LineProcess } from "../line-process.ts";
import type { Multiplier } from "../throughput.ts";

export interface EvaluationSetup {
  /** A folder in the layout of the Hugging Face Hub, and a JSON file of language tasks. */
  readonly checkpoint: string;
  readonly tasks: string;
  readonly stop: readonly string[];
  readonly maximumNewTokens: number;
  readonly threads: number;
}

export interface Evaluated {
  /** From the questions to their scores; the model is loaded before. */
  readonly milliseconds: number;
  /** Of all threads, user and system: less moved by other processes than the time that passes. */
  readonly processorMilliseconds: number;
  /** Raw, cut at stop strings, by question id. */
  readonly answers: Readonly<Record<string, string>>;
  /** Of all prompts, in tokens. */
  readonly promptPositions: number;
  readonly notes?: string;
}

/** A process that has the model and the tasks, and evaluates them all in one go. */
export interface EvaluationWorker extends Multiplier {
  setup(setup: EvaluationSetup): Promise<{ readonly versions: string }>;
  /** Finds out how many rows fit, where the side does that; unless it is to `measure`, it takes the most it would try. */
  detect(measure: boolean): Promise<{ readonly milliseconds: number; readonly rows?: number }>;
  evaluate(): Promise<Evaluated>;
  stop(): void;
}

export function evaluationWorkerOf({ name, ask, stop }: LineProcess): EvaluationWorker {
  return {
    name,
    setup: (setup) => ask({ do: "setup", ...setup }),
    throughput: () => ask({ do: "throughput" }),
    detect: (measure) => ask({ do: "detect", measure }),
    evaluate: () => ask({ do: "evaluate" }),
    stop,
  };
}

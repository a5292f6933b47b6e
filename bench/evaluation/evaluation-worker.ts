import type { LineProcess } from "../line-process.ts";
import type { Multiplier } from "../throughput.ts";

export interface EvaluationSetup {
  /** A checkpoint folder in Hugging Face layout. */
  readonly checkpoint: string;
  /** A JSON file of language tasks. */
  readonly tasks: string;
  readonly stop: readonly string[];
  readonly maximumNewTokens: number;
  readonly threads: number;
}

export interface Evaluated {
  /** Time from the questions to their scores, without loading the model. */
  readonly milliseconds: number;
  /** User and system time of all threads. Other processes influence it less than wall time. */
  readonly processorMilliseconds: number;
  /** Raw answers by question id, truncated at stop strings. */
  readonly answers: Readonly<Record<string, string>>;
  /** Total length of all prompts, in tokens. */
  readonly promptPositions: number;
  readonly notes?: string;
}

/** A process that holds the model and the tasks, and evaluates all of them per request. */
export interface EvaluationWorker extends Multiplier {
  setup(setup: EvaluationSetup): Promise<{ readonly versions: string }>;
  /**
   * Finds the batch size, if this side detects it. Without `measure`, uses the largest one that detection would try.
   */
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

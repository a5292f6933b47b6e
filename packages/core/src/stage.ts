import type { Benchmark, ProtocolName } from "./benchmark.ts";
import type { Conversation } from "./conversation.ts";
import type { Dataset } from "./dataset.ts";
import type { BenchmarkResult, EvaluateEvent } from "./evaluator.ts";
import type { TrainableModel } from "./model.ts";
import { deriveSeed } from "./random.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Scope } from "./scope.ts";
import { EVALUATOR, TRAINER } from "./token.ts";
import type { TrainEvent, TrainingRecipe } from "./trainer.ts";

/** One step of an experiment. */
export interface Stage {
  /** Unique within the experiment; names its part of the run folder. */
  readonly name: string;
  readonly kind: "train" | "evaluate";
  /** What decides its outcome, as written into the manifest; must survive JSON. */
  readonly settings: unknown;
  /** What a training stage learns from. */
  readonly data?: Dataset<Conversation>;
  /** What an evaluation stage asks, and by which protocol. */
  readonly asks?: { readonly benchmarks: readonly Benchmark[]; readonly protocol: ProtocolName };
  run(context: StageContext): AsyncIterable<TrainEvent | EvaluateEvent>;
}

export interface StageContext {
  readonly scope: Scope;
  readonly model: TrainableModel;
  readonly seed: number;
  readonly folder: RunFolder;
  readonly signal?: AbortSignal;
}

export interface TrainStageOptions {
  readonly name: string;
  readonly data: Dataset<Conversation>;
  readonly recipe: TrainingRecipe;
}

/** Trains the experiment's model, which goes on to the next stage as it is then. */
export function train({ name, data, recipe }: TrainStageOptions): Stage {
  return {
    name,
    kind: "train",
    settings: { data: data.name, recipe },
    data,
    run: ({ scope, model, seed, folder, signal }) =>
      scope.get(TRAINER).train({
        model,
        data,
        recipe,
        seed: deriveSeed(seed, name),
        folder: folder.checkpoints(name),
        ...(signal && { signal }),
      }),
  };
}

export interface EvaluateStageOptions {
  readonly name: string;
  readonly benchmarks: readonly Benchmark[];
  readonly protocol: ProtocolName;
}

/** Asks the experiment's model, as the stage before left it, all questions of the benchmarks. */
export function evaluate({ name, benchmarks, protocol }: EvaluateStageOptions): Stage {
  return {
    name,
    kind: "evaluate",
    settings: { benchmarks: benchmarks.map(settingOf), protocol },
    asks: { benchmarks, protocol },
    async *run({ scope, model, folder, signal }) {
      const evaluator = scope.get(EVALUATOR);
      for (const benchmark of benchmarks) {
        const answers = folder.answers(name, benchmark.name);
        yield* evaluator.evaluate({ model, benchmark, protocol, answers, ...(signal && { signal }) });
      }
    },
  };
}

function settingOf({ name, limit }: Benchmark): string {
  return limit === undefined ? name : `${name}, first ${limit}`;
}

/** The results of one evaluation stage. */
export interface StageResult extends BenchmarkResult {
  readonly stage: string;
}

import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { AdapterOptions } from "../contracts/adapter.ts";
import { type Benchmark, isBenchmark } from "../contracts/benchmark.ts";
import { checkQuestions } from "./check-questions.ts";
import { checkSupervision } from "./check-supervision.ts";
import type { Conversation } from "../contracts/conversation.ts";
import { formatFor, type RecipeFormat } from "../contracts/conversation-format.ts";
import type { Dataset } from "../contracts/dataset.ts";
import { MlanError, shownValue } from "../errors.ts";
import type { BenchmarkResult, EvaluateEvent } from "../contracts/evaluator.ts";
import { checkOptions } from "../scope/options.ts";
import { answersOnly, type Component, type Model, type ModelInspection, trainableModel } from "../contracts/model.ts";
import { deriveSeed } from "../data/random.ts";
import { planEvaluation } from "./plan-evaluation.ts";
import { plannedTraining, planTraining } from "./plan-training.ts";
import type { StageNeeds } from "./stage-needs.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Scope } from "../scope/scope.ts";
import { EVALUATOR, MODEL, type Token, TRAINER } from "../scope/token.ts";
import type { Wording } from "../contracts/wording.ts";
import type { TrainEvent, TrainingNeeds, TrainingRecipe } from "../contracts/trainer.ts";

export interface Stage {
  /** Unique within the experiment. Used for the stage's folders and records. */
  readonly name: string;
  readonly kind: "train" | "evaluate";
  /** The options that determine the outcome, as the manifest records them. Must be plain JSON. */
  readonly settings: unknown;
  readonly data?: Dataset<Conversation>;
  readonly trained?: readonly Component[];
  /** The adapter that a training stage adds or continues to train. */
  readonly adapter?: AdapterOptions;
  /** The model's format after a training stage. */
  readonly format?: RecipeFormat;
  /**
   * The benchmarks of an evaluation stage, and the name of their protocol. Default protocol: each benchmark's default.
   */
  readonly asks?: { readonly benchmarks: readonly Benchmark[]; readonly protocol?: string };
  /** The services that the stage needs in addition to the model. */
  readonly needs?: readonly Token<unknown>[];
  /**
   * Called before the first stage runs, after `data` and `asks` have been opened. Returns the disk space that the stage
   * needs, if any. Throws when the stage cannot run.
   */
  check?(context: StageCheckContext): Promise<TrainingNeeds | undefined>;
  /**
   * Predicts the stage's resources, after {@link check} has passed. Undefined when the model does not report its needs.
   */
  plan?(context: StageCheckContext): Promise<StageNeeds | undefined>;
  /**
   * Runs the stage. Training must end with `train-end`, and evaluation with one `evaluate-end` per benchmark; otherwise
   * the stage is not done.
   */
  run(context: StageContext): AsyncIterable<TrainEvent | EvaluateEvent>;
}

export interface StageCheckContext {
  readonly scope: Scope;
  /** The opened `Stage.data`. Opening it again returns the same examples. */
  readonly data?: Dataset<Conversation>;
  /**
   * The benchmarks of `Stage.asks`, already opened; empty when there are none. Opening one again returns the same
   * examples.
   */
  readonly benchmarks: readonly Benchmark[];
  /** Absent when the model's source has no `inspect`. */
  readonly model?: ModelInspection;
  /** The components that earlier stages train. */
  readonly trainedBefore: readonly Component[];
  /** The adapter that earlier stages add. */
  readonly adapterBefore?: AdapterOptions;
  /** The model's wording at the start of the stage. Absent when unknown before the model is loaded. */
  readonly wording?: Wording;
  readonly signal?: AbortSignal;
}

export interface StageContext {
  readonly scope: Scope;
  readonly model: Model;
  readonly seed: number;
  readonly folder: RunFolder;
  /**
   * `Stage.data`. Opening it throws `run-folder` when its rows have changed since the start of the run. Opening it
   * again returns the same examples.
   */
  readonly data?: Dataset<Conversation>;
  /**
   * The benchmarks of `Stage.asks` without an unchanged result; empty when there are none. Opening one throws
   * `run-folder` when its rows have changed since the start of the run.
   */
  readonly benchmarks: readonly Benchmark[];
  /** Identifies the model's weights at the start of the stage. */
  readonly weights: string;
  readonly signal?: AbortSignal;
}

export interface TrainStageOptions {
  readonly name: string;
  readonly data: Dataset<Conversation>;
  readonly recipe: TrainingRecipe;
}

/**
 * Creates a stage that trains the experiment's model. Later stages use the trained model. Throws `invalid-options`,
 * with the option's name, when an option is missing or wrong.
 */
export function train(options: TrainStageOptions): Stage {
  checkOptions("train", trainSchema, options);
  const { name, data, recipe } = options;
  const { checkpointEvery: _, ...decisive } = recipe;
  return {
    name,
    kind: "train",
    settings: { data: data.name, recipe: decisive },
    data,
    trained: recipe.trained,
    ...(recipe.adapter && { adapter: recipe.adapter }),
    format: recipe.format,
    needs: [TRAINER],
    async check({ scope, model, trainedBefore, adapterBefore, signal, data: opened = data }) {
      const source = scope.get(MODEL);
      if (source.answersOnly) throw answersOnly(source.name);
      const examples = await opened.open(signal ? { signal } : {});
      checkAdapterBefore(name, recipe, adapterBefore);
      const training = plannedTraining(recipe, examples.length, { model, trainedBefore, adapterBefore });
      const needs = scope.get(TRAINER).check?.(training);
      model?.checkLearning?.(recipe.trained);
      if (!model) return needs;
      const format = formatFor(recipe.format, { name: source.name, tuningTemplate: model.tuningTemplate });
      model.checkFormat?.(format);
      if (model.encode) await checkSupervision(data.name, examples, { ...recipe, format }, model.encode, signal);
      return needs;
    },
    plan: (context) => planTraining({ data, recipe }, context),
    run: ({ scope, model, seed, folder, signal, data: unchanged = data }) =>
      scope.get(TRAINER).train({
        model: trainableModel(model),
        data: unchanged,
        recipe,
        seed: deriveSeed(seed, name),
        folder: folder.checkpoints(name),
        ...(signal && { signal }),
      }),
  };
}

/** Throws `invalid-options` when an earlier stage's adapter is incompatible with what this stage trains. */
function checkAdapterBefore(
  name: string,
  { adapter, trained }: TrainingRecipe,
  before: AdapterOptions | undefined,
): void {
  if (!before) return;
  const isOther = adapter && !isDeepStrictEqual(adapter, before);
  if (!isOther && !trained.includes("language")) return;
  throw new MlanError(
    "invalid-options",
    `stage "${name}" ${isOther ? "adds another adapter than" : "trains the language model under the adapter of"} an earlier stage, which the model still has. ` +
      "Give both stages the same adapter, or export the model after the earlier one, which merges the adapter, and start from the export.",
  );
}

export interface EvaluateStageOptions {
  readonly name: string;
  readonly benchmarks: readonly Benchmark[];
  /** The name of a protocol that all benchmarks have. Default: each benchmark's default protocol. */
  readonly protocol?: string;
}

/**
 * Creates a stage that evaluates the experiment's model, as trained by earlier stages, on the benchmarks. Throws
 * `invalid-options`, with the option's name, when an option is missing or wrong.
 */
export function evaluate(options: EvaluateStageOptions): Stage {
  checkOptions("evaluate", evaluateSchema, options);
  const { name, benchmarks } = options;
  // Throws for a protocol that a benchmark does not have.
  const protocolOf = (benchmark: Benchmark): string => nameOfProtocol(benchmark, options.protocol);
  const protocols = benchmarks.map((benchmark) => [benchmark.name, protocolOf(benchmark)] as const);
  const [protocol, ...others] = new Set(protocols.map(([, asked]) => asked));
  return {
    name,
    kind: "evaluate",
    settings: {
      benchmarks: benchmarks.map((benchmark) => benchmark.name),
      ...limitsOf(benchmarks),
      protocol: others.length === 0 ? protocol : Object.fromEntries(protocols),
    },
    asks: { benchmarks, ...(options.protocol !== undefined && { protocol: options.protocol }) },
    needs: [EVALUATOR],
    async check({ scope, wording, signal, benchmarks: opened }) {
      const evaluator = scope.get(EVALUATOR);
      for (const benchmark of opened) {
        const planned = { benchmark, protocol: protocolOf(benchmark), ...(signal && { signal }) };
        await checkQuestions(planned, wording);
        await evaluator.check?.(planned);
      }
      return undefined;
    },
    plan: (context) => planEvaluation(protocolOf, context),
    async *run({ scope, model, folder, weights, signal, benchmarks: unchanged }) {
      const evaluator = scope.get(EVALUATOR);
      for (const benchmark of unchanged) {
        const answers = folder.answers(name, benchmark.name);
        const asked = { model, benchmark, protocol: protocolOf(benchmark), answers, stage: name, weights };
        yield* evaluator.evaluate({ ...asked, ...(signal && { signal }) });
      }
    },
  };
}

/** Throws `contract` when the benchmark returns no protocol, as plain JavaScript may for an unknown name. */
function nameOfProtocol(benchmark: Benchmark, wanted: string | undefined): string {
  const found: unknown = benchmark.protocol(wanted);
  const { name } = Object(found);
  if (typeof name === "string") return name;
  const call = `protocol(${wanted === undefined ? "" : shownValue(wanted)})`;
  const message = `${benchmark.name}: its ${call} returned ${shownValue(found)}; let it return a protocol, or throw when there is none.`;
  throw new MlanError("contract", message);
}

/** Returns the limits by name, for benchmarks with a limit. */
function limitsOf(benchmarks: readonly Benchmark[]): { readonly limits?: Readonly<Record<string, number>> } {
  const limits = benchmarks.flatMap(({ name, limit }) => (limit === undefined ? [] : [[name, limit] as const]));
  return limits.length === 0 ? {} : { limits: Object.fromEntries(limits) };
}

/** The result of one benchmark in an evaluation stage. */
export interface StageResult extends BenchmarkResult {
  readonly stage: string;
}

const stageName = z.string().min(1, "expected a name");
const isDataset = (value: unknown): boolean =>
  typeof Object(value).open === "function" && typeof Object(value).name === "string";

const trainSchema = z.strictObject({
  name: stageName,
  data: z
    .custom<Dataset<Conversation>>(isDataset, "expected a dataset")
    .refine((data) => !isBenchmark(data), "expected conversations to train on, found a benchmark"),
  recipe: z.custom<TrainingRecipe>((value) => typeof value === "object" && value !== null, "expected a recipe"),
});
const evaluateSchema = z.strictObject({
  name: stageName,
  benchmarks: z
    .array(z.custom<Benchmark>((value) => isBenchmark(value), "expected a benchmark"))
    .min(1, "expected at least one benchmark")
    .superRefine((benchmarks, context) => {
      const names = benchmarks.map(({ name }) => name);
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice === undefined) return;
      context.addIssue(`two benchmarks are called "${twice}"; ask them in different stages`);
    }),
  protocol: z.string().min(1, "expected the name of a protocol").exactOptional(),
});

import { messageOf, MlanError } from "@mlan/core";
import {
  type AllowedDifference,
  type BenchmarkComparison,
  type ComparedResult,
  compareResults,
} from "@mlan/eval-compare";
import { type KeptAnswers, placeOf } from "./loaded-run.ts";
import type { LoadedModel } from "./models.ts";
import { meanAnswers } from "./results.ts";
import { meanOf, seedSpread } from "./seed-spread.ts";
import type { ComparedBenchmark, ComparisonView } from "./view-results.ts";

/** Number of bootstrap resamples where two results are compared only to check that they are comparable. */
const FEWEST_RESAMPLES = 100;

/** Two models, and the answers that can be compared. Differences are model minus base. */
export interface ComparedPair {
  readonly base: LoadedModel;
  readonly model: LoadedModel;
  readonly benchmarks: readonly PairedBenchmark[];
  readonly notCompared: ComparisonView["notCompared"];
}

export interface PairedBenchmark {
  /** What is known without resampling. */
  readonly known: Omit<ComparedBenchmark, "standardError" | "interval" | "adjustedP" | "verdict">;
  readonly answers: PairedAnswers;
}

/** The share of seeds that answered each question correctly, for both models in the same order of questions. */
interface PairedAnswers {
  readonly base: readonly number[];
  readonly model: readonly number[];
  readonly clusters: readonly (string | undefined)[];
}

/** The answers of one seed to one benchmark. */
interface SeedAnswers {
  readonly seed: number;
  readonly label: string;
  readonly answers: KeptAnswers;
}

/** Pairs the answers of two models to every benchmark that either was asked. */
export function pairModels(base: LoadedModel, model: LoadedModel): ComparedPair {
  const [first, second] = [answersOf(base), answersOf(model)];
  const benchmarks: PairedBenchmark[] = [];
  const notCompared: ComparisonView["notCompared"][number][] = [];
  for (const key of new Set([...second.keys(), ...first.keys()])) {
    const [benchmark = "", protocol = ""]: readonly string[] = JSON.parse(key);
    try {
      const [ofBase, ofModel] = [answersTo(key, first, base), answersTo(key, second, model)];
      // Arms of a study are compared on the same seeds; the runs of a list may have any.
      const pair = model.model.arm === undefined ? pairBenchmark : pairArms;
      benchmarks.push(pair(ofBase, ofModel));
    } catch (error) {
      if (!MlanError.is(error)) throw error;
      notCompared.push({ benchmark, protocol, reason: messageOf(error) });
    }
  }
  return { base, model, benchmarks, notCompared };
}

/** Returns the answers of all seeds by benchmark and protocol. */
function answersOf({ model, evaluations }: LoadedModel): ReadonlyMap<string, readonly SeedAnswers[]> {
  const found = new Map<string, SeedAnswers[]>();
  for (const { loaded, stage, seed } of evaluations) {
    const label = evaluations.length > 1 ? `${model.label}, seed ${seed}` : model.label;
    for (const [place, answers] of loaded.answers) {
      if (place !== placeOf(stage, answers.benchmark)) continue;
      const key = JSON.stringify([answers.benchmark, answers.protocol]);
      found.set(key, [...(found.get(key) ?? []), { seed, label, answers }]);
    }
  }
  return found;
}

/** Throws an `MlanError` when the answers of a seed that has a result are missing. */
function answersTo(
  key: string,
  all: ReadonlyMap<string, readonly SeedAnswers[]>,
  { model, evaluations }: LoadedModel,
): readonly SeedAnswers[] {
  const found = all.get(key);
  if (!found)
    throw new MlanError("invalid-options", `${model.label} has no answers to this benchmark with this protocol.`);
  for (const { loaded, stage, seed } of evaluations) {
    const isKnown = loaded.results.some(
      (one) => one.stage === stage && JSON.stringify([one.benchmark, one.protocol]) === key,
    );
    // Without this seed, the difference would be of other seeds than the results of the two models.
    if (isKnown && !found.some((same) => same.seed === seed))
      throw new MlanError("run-folder", `The answers of ${model.label}, seed ${seed}, cannot be read.`);
  }
  return found;
}

/** Pairs two arms on the seeds that both have: a seed with a failed run in one arm is left out of both arms. */
function pairArms(base: readonly SeedAnswers[], model: readonly SeedAnswers[]): PairedBenchmark {
  const common = (one: readonly SeedAnswers[], other: readonly SeedAnswers[]): readonly SeedAnswers[] =>
    one.filter(({ seed }) => other.some((same) => same.seed === seed));
  const [first, second] = [common(base, model), common(model, base)];
  if (second.length > 0) return pairBenchmark(first, second);
  throw new MlanError("invalid-options", "The two were evaluated with different seeds.");
}

/** Throws an `MlanError` when the answers of base and model cannot be compared. */
function pairBenchmark(base: readonly SeedAnswers[], model: readonly SeedAnswers[]): PairedBenchmark {
  for (const { label, answers } of [...base, ...model]) {
    if (answers.answers.length === answers.questions) continue;
    throw new MlanError("run-folder", `${label} has ${answers.answers.length} of ${answers.questions} answers.`);
  }
  const compared = model.map((seed) => compare(base.find((same) => same.seed === seed.seed) ?? base[0], seed));
  const answers = pairedAnswers(base, model);
  const [first] = compared;
  if (!answers || !first) {
    throw new MlanError(
      "invalid-options",
      "The seeds answered different questions, so their answers cannot be averaged.",
    );
  }
  return { answers, known: knownOf(answers, compared, first, model, base.length + model.length === 2) };
}

/** What two models' comparison has without resampling. `isOne`: whether each has a single seed. */
function knownOf(
  answers: PairedAnswers,
  compared: readonly BenchmarkComparison[],
  first: BenchmarkComparison,
  model: readonly SeedAnswers[],
  isOne: boolean,
): PairedBenchmark["known"] {
  const { benchmark, clusters, discordant, minimumDetectableEffect } = first;
  const [baseAccuracy, modelAccuracy] = [meanOf(answers.base), meanOf(answers.model)];
  const overSeeds = isOne
    ? undefined
    : seedSpread(
        compared.map(({ difference }, place) => ({ seed: model[place]?.seed ?? NaN, value: difference })),
        -1,
      );
  return {
    benchmark,
    protocol: first.second.protocol,
    questions: answers.model.length,
    clusters,
    baseAccuracy,
    modelAccuracy,
    difference: isOne ? first.difference : modelAccuracy - baseAccuracy,
    ...(overSeeds && { overSeeds }),
    ...(isOne && { discordant: { onlyBase: discordant.onlyFirst, onlyModel: discordant.onlySecond } }),
    test: isOne ? first.test : clusters < 2 ? "none" : "paired-cluster-bootstrap",
    p: first.p,
    ...(isOne && minimumDetectableEffect !== undefined && { minimumDetectableEffect }),
    differs: [...new Set(compared.flatMap(({ allowed }) => allowed.map(({ kind }) => kind)))],
  };
}

function compare(base: SeedAnswers | undefined, model: SeedAnswers): BenchmarkComparison {
  if (!base) throw new MlanError("invalid-options", `${model.label} has no base to be compared with.`);
  // A model is asked in its own wording, which may decide how its answers are read.
  const isReworded = base.answers.wording !== model.answers.wording;
  const allow: readonly AllowedDifference[] = isReworded ? ["prompts", "protocol"] : ["prompts"];
  const options = { allow, resamples: FEWEST_RESAMPLES };
  const [found] = compareResults([resultOf(base)], [resultOf(model)], options).benchmarks;
  if (!found) throw new MlanError("invalid-options", `${base.label} and ${model.label} have no benchmark in common.`);
  return found;
}

function resultOf({ label, answers }: SeedAnswers): ComparedResult {
  const { benchmark, protocol, fingerprints } = answers;
  return { benchmark, protocol, fingerprints, answers: answers.answers, label };
}

/** Undefined when the seeds have different questions. */
function pairedAnswers(base: readonly SeedAnswers[], model: readonly SeedAnswers[]): PairedAnswers | undefined {
  const [first, second] = [base, model].map((seeds) => meanAnswers(seeds.map(({ answers }) => answers.answers)));
  if (!first || !second) return undefined;
  const known = new Map(second.ids.map((id, place) => [id, second.values[place] ?? NaN]));
  return { base: first.values, model: first.ids.map((id) => known.get(id) ?? NaN), clusters: first.clusters };
}

import { deriveSeed, messageOf, MlanError } from "@mlan/core";
import {
  type AllowedDifference,
  type BenchmarkComparison,
  type ComparedResult,
  compareResults,
  verdictOf,
} from "@mlan/eval-compare";
import { clustersOf, holm, pairedClusterBootstrap } from "@mlan/statistics";
import { type KeptAnswers, placeOf } from "./loaded-run.ts";
import type { LoadedModel } from "./models.ts";
import { meanAnswers } from "./results.ts";
import { meanOf, seedSpread } from "./seed-spread.ts";
import type { ComparedBenchmark, ComparisonView } from "./view-results.ts";

const LEVEL = 0.95;
const RESAMPLES = 10_000;
/**
 * Number of bootstrap resamples when two results are compared only to check that they are comparable. The interval is
 * then not used.
 */
const FEWEST_RESAMPLES = 100;

/** The answers of one seed to one benchmark. */
interface SeedAnswers {
  readonly seed: number;
  readonly label: string;
  readonly answers: KeptAnswers;
}

type Unadjusted = Omit<ComparedBenchmark, "adjustedP" | "verdict">;

/**
 * Compares every model with its base, on the answers that were read. Models without any result are left out, such as the
 * arms of a study that have not started.
 */
export function comparisonsOf(models: readonly LoadedModel[]): readonly ComparisonView[] {
  const evaluated = models.filter(({ evaluations }) =>
    evaluations.some(({ loaded, stage }) => loaded.results.some((result) => result.stage === stage)),
  );
  const byId = new Map(evaluated.map((one) => [one.model.id, one]));
  return evaluated.flatMap((one) => {
    const base = byId.get(one.model.base ?? "");
    return base ? [comparisonOf(base, one)] : [];
  });
}

function comparisonOf(base: LoadedModel, model: LoadedModel): ComparisonView {
  const [first, second] = [answersOf(base), answersOf(model)];
  const compared: Unadjusted[] = [];
  const notCompared: { benchmark: string; protocol: string; reason: string }[] = [];
  for (const [key, answers] of second) {
    const [benchmark = "", protocol = ""]: readonly string[] = JSON.parse(key);
    const asked = first.get(key);
    try {
      if (!asked)
        throw new MlanError(
          "invalid-options",
          `${base.model.label} has no answers to this benchmark with this protocol.`,
        );
      // Arms of a study are compared on the same seeds; the runs of a list may have any.
      compared.push(model.model.arm === undefined ? compareBenchmark(asked, answers) : compareArms(asked, answers));
    } catch (error) {
      if (!MlanError.is(error)) throw error;
      notCompared.push({ benchmark, protocol, reason: messageOf(error) });
    }
  }
  for (const key of [...first.keys()].filter((one) => !second.has(one))) {
    const [benchmark = "", protocol = ""]: readonly string[] = JSON.parse(key);
    notCompared.push({
      benchmark,
      protocol,
      reason: `${model.model.label} has no answers to this benchmark with this protocol.`,
    });
  }
  const adjusted = holm(compared.map(({ p }) => p));
  return {
    base: base.model.id,
    model: model.model.id,
    level: LEVEL,
    resamples: RESAMPLES,
    benchmarks: compared.map((one, place) => {
      const adjustedP = adjusted[place] ?? 1;
      return { ...one, adjustedP, verdict: verdictOf(one.difference, adjustedP, 1 - LEVEL) };
    }),
    notCompared,
  };
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

/** Compares two arms on the seeds that both have: a seed with a failed run in one arm is left out of both arms. */
function compareArms(base: readonly SeedAnswers[], model: readonly SeedAnswers[]): Unadjusted {
  const common = (one: readonly SeedAnswers[], other: readonly SeedAnswers[]): readonly SeedAnswers[] =>
    one.filter(({ seed }) => other.some((same) => same.seed === seed));
  const [first, second] = [common(base, model), common(model, base)];
  if (second.length > 0) return compareBenchmark(first, second);
  throw new MlanError("invalid-options", "The two were evaluated with different seeds.");
}

/** Throws an `MlanError` when the answers of base and model cannot be compared. */
function compareBenchmark(base: readonly SeedAnswers[], model: readonly SeedAnswers[]): Unadjusted {
  const [one, other] = [base[0], model[0]];
  for (const { label, answers } of [...base, ...model]) {
    if (answers.answers.length === answers.questions) continue;
    throw new MlanError("run-folder", `${label} has ${answers.answers.length} of ${answers.questions} answers.`);
  }
  if (one && other && base.length + model.length === 2) return ofOneSeed(comparePair(one, other, RESAMPLES));
  const pairs = model.map((seed) =>
    comparePair(base.find((same) => same.seed === seed.seed) ?? base[0], seed, FEWEST_RESAMPLES),
  );
  return ofSeeds(base, model, pairs);
}

function comparePair(base: SeedAnswers | undefined, model: SeedAnswers, resamples: number): BenchmarkComparison {
  if (!base) throw new MlanError("invalid-options", `${model.label} has no base to be compared with.`);
  // A model is asked in its own wording, which may decide how its answers are read.
  const isReworded = base.answers.wording !== model.answers.wording;
  const allow: readonly AllowedDifference[] = isReworded ? ["prompts", "protocol"] : ["prompts"];
  const { benchmarks } = compareResults([resultOf(base)], [resultOf(model)], { allow, level: LEVEL, resamples });
  const [found] = benchmarks;
  if (!found) throw new MlanError("invalid-options", `${base.label} and ${model.label} have no benchmark in common.`);
  return found;
}

function resultOf({ label, answers }: SeedAnswers): ComparedResult {
  const { benchmark, protocol, fingerprints } = answers;
  return { benchmark, protocol, fingerprints, answers: answers.answers, label };
}

function ofOneSeed(compared: BenchmarkComparison): Unadjusted {
  const { benchmark, questions, clusters, first, second, difference, interval, discordant, test, p } = compared;
  const { minimumDetectableEffect, allowed } = compared;
  return {
    benchmark,
    protocol: second.protocol,
    questions,
    clusters,
    baseAccuracy: first.accuracy,
    modelAccuracy: second.accuracy,
    difference,
    ...(interval && { interval }),
    discordant: { onlyBase: discordant.onlyFirst, onlyModel: discordant.onlySecond },
    test,
    p,
    ...(minimumDetectableEffect !== undefined && { minimumDetectableEffect }),
    differs: allowed.map(({ kind }) => kind),
  };
}

/**
 * Compares the shares of seeds that answered each question correctly. The answers of all seeds to a question are
 * resampled together, since they depend on each other.
 */
function ofSeeds(
  base: readonly SeedAnswers[],
  model: readonly SeedAnswers[],
  pairs: readonly BenchmarkComparison[],
): Unadjusted {
  const [first, second] = [
    meanAnswers(base.map(({ answers }) => answers.answers)),
    meanAnswers(model.map(({ answers }) => answers.answers)),
  ];
  const [pair] = pairs;
  if (!first || !second || !pair) {
    throw new MlanError(
      "invalid-options",
      "The seeds answered different questions, so their answers cannot be averaged.",
    );
  }
  const known = new Map(second.ids.map((id, place) => [id, second.values[place] ?? NaN]));
  const values = first.ids.map((id) => known.get(id) ?? NaN);
  const clusters = clustersOf(first.clusters).length;
  const resampling = { level: LEVEL, resamples: RESAMPLES, seed: deriveSeed(0, pair.benchmark) };
  const found =
    clusters < 2
      ? undefined
      : pairedClusterBootstrap({ first: first.values, second: values, clusters: first.clusters, ...resampling });
  const ofBase = meanOf(first.values);
  const overSeeds = seedSpread(
    pairs.map(({ difference }, place) => ({ seed: model[place]?.seed ?? NaN, value: difference })),
  );
  return {
    benchmark: pair.benchmark,
    protocol: pair.second.protocol,
    questions: values.length,
    clusters,
    baseAccuracy: ofBase,
    modelAccuracy: meanOf(values),
    difference: meanOf(values) - ofBase,
    ...(found && {
      interval: { ...found.interval, low: Math.max(-1, found.interval.low), high: Math.min(1, found.interval.high) },
    }),
    ...(overSeeds && { overSeeds }),
    test: found ? "paired-cluster-bootstrap" : "none",
    p: found?.p ?? 1,
    differs: [...new Set(pairs.flatMap(({ allowed }) => allowed.map(({ kind }) => kind)))],
  };
}

import { type Estimate, deriveSeed, type StageResult } from "@mlan/core";
import { clusterBootstrapMean, clustersOf } from "@mlan/statistics";
import { type KeptAnswers, placeOf } from "./loaded-run.ts";
import type { LoadedModel } from "./models.ts";
import { meanOf, seedSpread } from "./seed-spread.ts";
import type { MetricView, ResultView } from "./view-results.ts";

/** A result of one seed. */
interface SeedResult {
  readonly seed: number;
  readonly result: StageResult;
  readonly answers: KeptAnswers | undefined;
}

/** Returns the results of a model, one per benchmark and protocol, over all its seeds. */
export function resultsOf({ model, evaluations }: LoadedModel): readonly ResultView[] {
  const groups = new Map<string, SeedResult[]>();
  for (const { loaded, stage, seed } of evaluations) {
    for (const result of loaded.results.filter((one) => one.stage === stage)) {
      const key = JSON.stringify([result.benchmark, result.protocol]);
      const answers = loaded.answers.get(placeOf(stage, result.benchmark));
      groups.set(key, [...(groups.get(key) ?? []), { seed, result, answers }]);
    }
  }
  return [...groups.values()].flatMap((group) => resultOf(model.id, group) ?? []);
}

function resultOf(model: string, group: readonly SeedResult[]): ResultView | undefined {
  const [first] = group;
  if (!first) return undefined;
  const { benchmark, protocol, protocolVersion, evaluator, extractor, wording, questions } = first.result;
  const { questionsInBenchmark } = first.result;
  const cut = group.flatMap(({ result }) =>
    result.truncatedPrompts === undefined ? [] : [result.truncatedPrompts / result.questions],
  );
  return {
    model,
    benchmark,
    protocol,
    protocolVersion,
    evaluator,
    extractor: `${extractor.name}@${extractor.version}`,
    wording,
    questions,
    ...(questionsInBenchmark !== undefined && { questionsInBenchmark }),
    metrics: Object.keys(first.result.metrics).map((name) => metricOf(name, group)),
    unreadable: meanOf(group.map(({ result }) => result.unreadable / result.questions)),
    ...(cut.length > 0 && { truncatedPrompts: meanOf(cut) }),
    verifications: group.flatMap(({ seed, result: { verification } }) =>
      verification ? [{ seed, ...verification }] : [],
    ),
  };
}

function metricOf(name: string, group: readonly SeedResult[]): MetricView {
  const found = group.flatMap(({ seed, result, answers }) => {
    const estimate = result.metrics[name];
    return estimate ? [{ seed, estimate, answers }] : [];
  });
  const [first] = found;
  if (found.length < 2) return { name, ...(first ? withoutUndefined(first.estimate) : { value: NaN }) };
  const overSeeds = seedSpread(
    found.map(({ seed, estimate: { value, interval } }) => ({ seed, value, ...(interval && { interval }) })),
  );
  return {
    name,
    value: meanOf(found.map(({ estimate }) => estimate.value)),
    ...(overSeeds && { overSeeds }),
    ...(intervalOfMean(found) ?? meanInterval(found.map(({ estimate }) => estimate))),
  };
}

function withoutUndefined({ value, standardError, interval }: Estimate): Omit<MetricView, "name"> {
  return { value, ...(standardError !== undefined && { standardError }), ...(interval && { interval }) };
}

/**
 * Returns the interval over questions of an accuracy that is averaged over seeds. Each resampled question keeps the
 * answers of all seeds. Undefined when the metric is not the share of correct answers, or answers are missing.
 */
function intervalOfMean(
  found: readonly { readonly estimate: Estimate; readonly answers: KeptAnswers | undefined }[],
): Pick<MetricView, "standardError" | "interval"> | undefined {
  const all = found.flatMap(({ answers }) => (answers?.answers.length ? [answers.answers] : []));
  const areShares =
    all.length === found.length &&
    found.every(({ estimate }, place) => {
      const share = meanOf((all[place] ?? []).map(({ correct }) => Number(correct)));
      return Math.abs(share - estimate.value) < 1e-9;
    });
  const questions = areShares ? meanAnswers(all) : undefined;
  if (!questions || clustersOf(questions.clusters).length < 2) return undefined;
  const { mean, standardError, interval } = clusterBootstrapMean({
    ...questions,
    seed: deriveSeed(0, "over questions"),
  });
  // Without variation there is nothing to resample.
  if (standardError === 0) return undefined;
  const [low, high] = [Math.max(0, interval.low), Math.min(1, interval.high)];
  return Number.isFinite(mean)
    ? { standardError, interval: { low, high, level: interval.level, method: "cluster-bootstrap" } }
    : undefined;
}

/**
 * Averages the intervals of the seeds. The result is conservative: a mean over seeds varies less than a single seed.
 */
function meanInterval(estimates: readonly Estimate[]): Pick<MetricView, "standardError" | "interval"> {
  const errors = estimates.flatMap(({ standardError }) => standardError ?? []);
  const intervals = estimates.flatMap(({ interval }) => interval ?? []);
  const [first] = intervals;
  return {
    ...(errors.length === estimates.length && { standardError: meanOf(errors) }),
    ...(first &&
      intervals.length === estimates.length && {
        interval: {
          ...first,
          low: meanOf(intervals.map(({ low }) => low)),
          high: meanOf(intervals.map(({ high }) => high)),
        },
      }),
  };
}

/**
 * Returns the share of seeds that answered each question correctly, in the order of the first seed; undefined when
 * seeds have different questions.
 */
export function meanAnswers(seeds: readonly KeptAnswers["answers"][]):
  | {
      readonly ids: readonly string[];
      readonly values: readonly number[];
      readonly clusters: readonly (string | undefined)[];
    }
  | undefined {
  const [first = []] = seeds;
  const byId = seeds.map((answers) => new Map(answers.map(({ id, correct }) => [id, Number(correct)])));
  if (byId.some((answers) => answers.size !== first.length || first.some(({ id }) => !answers.has(id))))
    return undefined;
  return {
    ids: first.map(({ id }) => id),
    values: first.map(({ id }) => meanOf(byId.map((answers) => answers.get(id) ?? NaN))),
    clusters: first.map(({ cluster }) => cluster),
  };
}

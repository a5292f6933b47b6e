import { type Estimate, deriveSeed, type StageResult } from "@mlan/core";
import { clusterBootstrapMeans, clustersOf } from "@mlan/statistics";
import { type KeptAnswers, placeOf } from "./loaded-run.ts";
import type { LoadedModel } from "./models.ts";
import { meanOf, seedSpread } from "./seed-spread.ts";
import { groupedByClusters } from "./same-clusters.ts";
import type { MetricView, ResultView } from "./view-results.ts";

/** A result of one seed. */
interface SeedResult {
  readonly seed: number;
  readonly result: StageResult;
  readonly answers: KeptAnswers | undefined;
}

/** A metric of the results of all seeds. */
interface SeedMetric {
  readonly name: string;
  readonly found: readonly SeedEstimate[];
  /** The share of seeds that answered each question correctly, if the metric is its mean and there are several seeds. */
  readonly questions: MeanAnswers | undefined;
}

interface SeedEstimate extends Pick<SeedResult, "seed" | "answers"> {
  readonly estimate: Estimate;
}

/**
 * Returns the results of models, one per model, benchmark and protocol, over all seeds. Results with the same clusters of
 * questions are resampled together.
 */
export function resultsOf(models: readonly LoadedModel[]): readonly ResultView[] {
  const groups = models.flatMap(({ model, evaluations }) =>
    groupsOf(evaluations).map((group) => ({ model: model.id, group, metrics: metricsOf(group) })),
  );
  const intervals = intervalsOf(groups.flatMap(({ metrics }) => metrics.flatMap(({ questions }) => questions ?? [])));
  return groups.flatMap(({ model, group, metrics }) => {
    const views = metrics.map((metric) => metricView(metric, intervals));
    return resultOf(model, group, views) ?? [];
  });
}

function groupsOf(evaluations: LoadedModel["evaluations"]): readonly (readonly SeedResult[])[] {
  const groups = new Map<string, SeedResult[]>();
  for (const { loaded, stage, seed } of evaluations) {
    for (const result of loaded.results.filter((one) => one.stage === stage)) {
      const key = JSON.stringify([result.benchmark, result.protocol]);
      const answers = loaded.answers.get(placeOf(stage, result.benchmark));
      groups.set(key, [...(groups.get(key) ?? []), { seed, result, answers }]);
    }
  }
  return [...groups.values()];
}

function metricsOf(group: readonly SeedResult[]): readonly SeedMetric[] {
  return Object.keys(group[0]?.result.metrics ?? {}).map((name) => {
    const found = group.flatMap(({ seed, result, answers }) => {
      const estimate = result.metrics[name];
      return estimate ? [{ seed, estimate, answers }] : [];
    });
    return { name, found, questions: found.length < 2 ? undefined : averagedQuestions(found) };
  });
}

function resultOf(model: string, group: readonly SeedResult[], metrics: readonly MetricView[]): ResultView | undefined {
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
    metrics,
    unreadable: meanOf(group.map(({ result }) => result.unreadable / result.questions)),
    ...(cut.length > 0 && { truncatedPrompts: meanOf(cut) }),
    verifications: group.flatMap(({ seed, result: { verification } }) =>
      verification ? [{ seed, ...verification }] : [],
    ),
  };
}

function metricView({ name, found, questions }: SeedMetric, intervals: Intervals): MetricView {
  const [first] = found;
  if (found.length < 2) return { name, ...(first ? withoutUndefined(first.estimate) : { value: NaN }) };
  const overSeeds = seedSpread(
    found.map(({ seed, estimate: { value, interval } }) => ({ seed, value, ...(interval && { interval }) })),
  );
  return {
    name,
    value: meanOf(found.map(({ estimate }) => estimate.value)),
    ...(overSeeds && { overSeeds }),
    ...((questions && intervals.get(questions)) ?? meanInterval(found.map(({ estimate }) => estimate))),
  };
}

function withoutUndefined({ value, standardError, interval }: Estimate): Omit<MetricView, "name"> {
  return { value, ...(standardError !== undefined && { standardError }), ...(interval && { interval }) };
}

/** Undefined when the metric is not the share of correct answers, or answers are missing. */
function averagedQuestions(found: readonly SeedEstimate[]): MeanAnswers | undefined {
  const all = found.flatMap(({ answers }) => (answers?.answers.length ? [answers.answers] : []));
  const areShares =
    all.length === found.length &&
    found.every(({ estimate }, place) => {
      const share = meanOf((all[place] ?? []).map(({ correct }) => Number(correct)));
      return Math.abs(share - estimate.value) < 1e-9;
    });
  return areShares ? meanAnswers(all) : undefined;
}

type Intervals = ReadonlyMap<MeanAnswers, Pick<MetricView, "standardError" | "interval">>;

/**
 * Returns the intervals over questions of accuracies that are averaged over seeds. Each resampled question keeps the
 * answers of all seeds. An accuracy without variation has no interval, as there is nothing to resample.
 */
function intervalsOf(all: readonly MeanAnswers[]): Intervals {
  const resampled = all.filter(({ clusters }) => clustersOf(clusters).length >= 2);
  const found = new Map<MeanAnswers, Pick<MetricView, "standardError" | "interval">>();
  for (const group of groupedByClusters(resampled, ({ clusters }) => clusters)) {
    const means = clusterBootstrapMeans({
      all: group.map(({ values }) => values),
      clusters: group[0]?.clusters ?? [],
      seed: deriveSeed(0, "over questions"),
    });
    for (const [place, { mean, standardError, interval }] of means.entries()) {
      const questions = group[place];
      if (!questions || standardError === 0 || !Number.isFinite(mean)) continue;
      const [low, high] = [Math.max(0, interval.low), Math.min(1, interval.high)];
      found.set(questions, {
        standardError,
        interval: { low, high, level: interval.level, method: "cluster-bootstrap" },
      });
    }
  }
  return found;
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

/** The share of seeds that answered each question correctly. */
interface MeanAnswers {
  readonly ids: readonly string[];
  readonly values: readonly number[];
  readonly clusters: readonly (string | undefined)[];
}

/** Returns the shares in the order of the first seed; undefined when seeds have different questions. */
export function meanAnswers(seeds: readonly KeptAnswers["answers"][]): MeanAnswers | undefined {
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

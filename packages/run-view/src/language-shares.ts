import { meanOf } from "./seed-spread.ts";
import type { AverageView, LanguageShareCurve, MetricView, ResultView } from "./view-results.ts";
import type { BenchmarkView, EvaluatedModel } from "./view.ts";

const AVERAGES = { text: "language", image: "vision" } as const;

/**
 * Returns results and averages by language share, for each backbone that was tuned with at least two different shares.
 */
export function languageSharesOf(
  models: readonly EvaluatedModel[],
  benchmarks: readonly BenchmarkView[],
  results: readonly ResultView[],
  averages: readonly AverageView[],
): readonly LanguageShareCurve[] {
  const backbones = [...new Set(models.map(({ backbone }) => backbone))];
  return backbones.flatMap((backbone) => {
    const tuned = models
      .filter((model) => model.backbone === backbone)
      .flatMap(({ id, languageShare }) => (languageShare === undefined ? [] : [{ id, share: languageShare }]))
      .toSorted((a, b) => a.share - b.share);
    if (new Set(tuned.map(({ share }) => share)).size < 2) return [];
    const pointsOf = (found: (model: string) => Pick<MetricView, "value" | "interval" | "overSeeds"> | undefined) =>
      tuned.flatMap(({ id, share }) => {
        const one = found(id);
        if (!one) return [];
        const { value, interval, overSeeds } = one;
        return [{ share, model: id, value, ...(interval && { interval }), ...(overSeeds && { overSeeds }) }];
      });
    const known = backbone === undefined ? {} : { backbone };
    const ofAverages = [...new Set(averages.map(({ protocol }) => protocol))].flatMap((protocol) =>
      (["text", "image"] as const).map((modality): LanguageShareCurve => {
        const same = averages.filter((one) => one.protocol === protocol && one.modality === modality);
        const points = pointsOf((model) => same.find((one) => one.model === model));
        const level = averageGuessing(benchmarks, protocol, same[0]?.benchmarks ?? []);
        return {
          ...known,
          benchmark: AVERAGES[modality],
          protocol,
          metric: "average",
          isAverage: true,
          ...(level !== undefined && { guessing: level }),
          points,
        };
      }),
    );
    const ofBenchmarks = benchmarks.map(({ benchmark, protocol, metric, guessing }): LanguageShareCurve => {
      const same = results.filter((one) => one.benchmark === benchmark && one.protocol === protocol);
      const points = pointsOf((model) => same.find((one) => one.model === model)?.metrics[0]);
      return {
        ...known,
        benchmark,
        protocol,
        metric,
        isAverage: false,
        ...(guessing && { guessing: guessing.accuracy }),
        points,
      };
    });
    return [...ofAverages, ...ofBenchmarks].filter(({ points }) => points.length > 1);
  });
}

/** Returns the mean accuracy of guessing over the named benchmarks; undefined if it is unknown for one of them. */
function averageGuessing(
  benchmarks: readonly BenchmarkView[],
  protocol: string,
  names: readonly string[],
): number | undefined {
  const averaged = benchmarks.filter((one) => one.protocol === protocol && names.includes(one.benchmark));
  const levels = averaged.flatMap(({ guessing }) => guessing?.accuracy ?? []);
  return levels.length > 0 && levels.length === averaged.length ? meanOf(levels) : undefined;
}

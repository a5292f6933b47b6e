import { normalQuantile } from "@mlan/statistics";
import { meanOf, seedSpread } from "./seed-spread.ts";
import type { AverageView, ResultView } from "./view-results.ts";
import type { BenchmarkView, EvaluatedModel } from "./view.ts";

const LEVEL = 0.95;
const MODALITIES = ["text", "image"] as const;

/**
 * Averages headline metrics per modality, over the benchmarks that all models were asked, if there are at least two
 * such benchmarks.
 */
export function averagesOf(
  models: readonly EvaluatedModel[],
  benchmarks: readonly BenchmarkView[],
  results: readonly ResultView[],
): readonly AverageView[] {
  const asked = models.filter(({ id }) => results.some(({ model }) => model === id));
  const protocols = [...new Set(benchmarks.map(({ protocol }) => protocol))];
  return protocols.flatMap((protocol) =>
    MODALITIES.flatMap((modality) => {
      const shared = benchmarks.filter((one) => {
        const isOfKind = one.modality !== undefined && (one.modality === "text" ? "text" : "image") === modality;
        return (
          one.protocol === protocol && isOfKind && asked.every(({ id }) => resultFor(id, one, results) !== undefined)
        );
      });
      if (shared.length < 2) return [];
      return asked.map(({ id }) => average(id, modality, protocol, shared, results));
    }),
  );
}

function resultFor(
  model: string,
  { benchmark, protocol }: BenchmarkView,
  results: readonly ResultView[],
): ResultView | undefined {
  return results.find((one) => one.model === model && one.benchmark === benchmark && one.protocol === protocol);
}

function average(
  model: string,
  modality: AverageView["modality"],
  protocol: string,
  benchmarks: readonly BenchmarkView[],
  results: readonly ResultView[],
): AverageView {
  const metrics = benchmarks.flatMap((one) => resultFor(model, one, results)?.metrics[0] ?? []);
  const value = meanOf(metrics.map((metric) => metric.value));
  const errors = metrics.flatMap(({ standardError }) => standardError ?? []);
  const half =
    (normalQuantile((1 + LEVEL) / 2) * Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0))) / metrics.length;
  const seeds = metrics[0]?.overSeeds?.values.map(({ seed }) => seed) ?? [];
  // A seed whose evaluation is unfinished lacks some of the benchmarks.
  const averages = seeds.flatMap((seed) => {
    const values = metrics.flatMap((metric) => metric.overSeeds?.values.find((one) => one.seed === seed)?.value ?? []);
    return values.length === metrics.length ? [{ seed, value: meanOf(values) }] : [];
  });
  const overSeeds = seedSpread(averages);
  return {
    model,
    modality,
    protocol,
    benchmarks: benchmarks.map(({ benchmark }) => benchmark),
    value,
    ...(errors.length === metrics.length && {
      interval: { low: Math.max(0, value - half), high: Math.min(1, value + half), level: LEVEL },
    }),
    ...(overSeeds && { overSeeds }),
  };
}

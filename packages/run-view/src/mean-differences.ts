import { normalQuantile } from "@mlan/statistics";
import { meanOf, seedSpread } from "./seed-spread.ts";
import type { ComparedBenchmark, MeanDifference } from "./view-results.ts";
import type { BenchmarkView } from "./view.ts";

const LEVEL = 0.95;

/** Averages the differences of two models over the benchmarks of each modality, for each protocol. */
export function meanDifferencesOf(
  compared: readonly ComparedBenchmark[],
  benchmarks: readonly BenchmarkView[],
): readonly MeanDifference[] {
  const modalityOf = ({ benchmark, protocol }: ComparedBenchmark): BenchmarkView["modality"] =>
    benchmarks.find((one) => one.benchmark === benchmark && one.protocol === protocol)?.modality;
  const protocols = [...new Set(compared.map(({ protocol }) => protocol))];
  return protocols.flatMap((protocol) => {
    const all = compared.filter((one) => one.protocol === protocol);
    if (all.some((one) => modalityOf(one) === undefined)) return [meanDifference("all", protocol, all)];
    const text = all.filter((one) => modalityOf(one) === "text");
    const image = all.filter((one) => modalityOf(one) !== "text");
    return [
      ...(text.length > 0 ? [meanDifference("text", protocol, text)] : []),
      ...(image.length > 0 ? [meanDifference("image", protocol, image)] : []),
    ];
  });
}

function meanDifference(
  modality: MeanDifference["modality"],
  protocol: string,
  compared: readonly ComparedBenchmark[],
): MeanDifference {
  const difference = meanOf(compared.map((one) => one.difference));
  const errors = compared.flatMap(({ standardError }) => standardError ?? []);
  const half =
    (normalQuantile((1 + LEVEL) / 2) * Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0))) / compared.length;
  // A seed may lack a benchmark in one of the two models.
  const seeds = compared[0]?.overSeeds?.values.map(({ seed }) => seed) ?? [];
  const bySeed = seeds.flatMap((seed) => {
    const values = compared.flatMap((one) => one.overSeeds?.values.find((same) => same.seed === seed)?.value ?? []);
    return values.length === compared.length ? [{ seed, value: meanOf(values) }] : [];
  });
  const overSeeds = seedSpread(bySeed, -1);
  return {
    modality,
    protocol,
    benchmarks: compared.map(({ benchmark }) => benchmark),
    difference,
    ...(errors.length === compared.length && {
      interval: { low: Math.max(-1, difference - half), high: Math.min(1, difference + half), level: LEVEL },
    }),
    ...(overSeeds && { overSeeds }),
  };
}

import type { CurveView, View } from "@mlan/run-view";
import type { CostData, CurveData, CurvePointData, ModelData, ResultData, ShareData } from "./page-data.ts";

/** Returns the points of the plot of all headline metrics. */
export function resultPoints({ models, benchmarks, results }: View): readonly ResultData[] {
  return benchmarks.flatMap(({ benchmark, protocol, chance }) =>
    models.flatMap(({ id }, model) => {
      const [headline] =
        results.find((one) => one.model === id && one.benchmark === benchmark && one.protocol === protocol)?.metrics ??
        [];
      if (!headline || !Number.isFinite(headline.value)) return [];
      const several = benchmarks.filter((one) => one.benchmark === benchmark).length > 1;
      return {
        benchmark: several ? `${benchmark} (${protocol})` : benchmark,
        model,
        value: rounded(headline.value),
        ...(headline.interval && { interval: ends(headline.interval) }),
        ...(headline.overSeeds && { seeds: headline.overSeeds.values.map(({ value }) => rounded(value)) }),
        ...(chance !== undefined && { chance: rounded(chance) }),
      };
    }),
  );
}

/** Returns the points of the plots of accuracy against cost. */
export function costPoints({ models, averages }: View): readonly CostData[] {
  const titles = { text: "Language benchmarks", image: "Vision benchmarks" };
  return averages.flatMap(({ model, modality, value, interval }) => {
    const place = models.findIndex(({ id }) => id === model);
    const training = models[place]?.training;
    if (!training || !Number.isFinite(value) || !Number.isFinite(training.flops)) return [];
    const teraflops = rounded(training.flops / 1e12);
    return {
      model: place,
      average: titles[modality],
      teraflops,
      value: rounded(value),
      ...(interval && { interval: ends(interval) }),
    };
  });
}

/** Returns the curves of the plots of accuracy against language share. */
export function shareCurves({ languageShares }: View): readonly ShareData[] {
  return languageShares.map(({ backbone, benchmark, isAverage, chance, points }) => ({
    title: isAverage ? `${benchmark.slice(0, 1).toUpperCase()}${benchmark.slice(1)} benchmarks` : benchmark,
    isAverage,
    backbone: backbone ?? "",
    ...(chance !== undefined && { chance }),
    points: points
      .filter(({ value }) => Number.isFinite(value))
      .map(({ share, value, interval, overSeeds }) => ({
        share,
        value: rounded(value),
        ...(interval && { interval: ends(interval) }),
        ...(overSeeds && { band: ends(overSeeds.interval) }),
        seeds: overSeeds?.values.map((seed) => rounded(seed.value)) ?? [],
      })),
  }));
}

/**
 * Returns the loss curves: a plot per stage, a curve per run and source. A stage that several arms share is drawn only
 * for the run that trained it.
 */
export function lossCurves(view: View, models: readonly ModelData[]): readonly CurveData[] {
  const shared = new Set(
    view.costs.flatMap(({ run, stage, sharedFrom }) =>
      sharedFrom === undefined ? [] : [JSON.stringify([run, stage])],
    ),
  );
  const own = view.curves.filter(({ run, stage }) => !shared.has(JSON.stringify([run, stage])));
  return own.map((curve) => ({
    title: curve.stage,
    ...nameOf(curve, own, view, models),
    points: curve.points.map(pointOf),
  }));
}

/** Returns the label and the colour of a curve in its plot. */
function nameOf(
  { run, stage, source }: CurveView,
  all: readonly CurveView[],
  { models: evaluated, kind }: View,
  models: readonly ModelData[],
): { readonly label: string; readonly color: string } {
  const beside = all.filter((curve) => curve.stage === stage);
  const runs = new Set(beside.map((curve) => curve.run)).size;
  const data = { all: "all", text: "text only", image: "with images" }[source];
  const several = new Set(beside.filter((curve) => curve.run === run).map((curve) => curve.source)).size > 1;
  if (runs === 1) {
    const color = { all: "base", text: "arm-0", image: "arm-1" }[source];
    return several ? { label: data, color } : { label: "", color: "arm-0" };
  }
  const place =
    kind === "study" ? evaluated.findIndex((model) => model.evaluations.some((one) => one.run === run)) : -1;
  const ofRun = { label: run, color: `arm-${[...new Set(beside.map((curve) => curve.run))].indexOf(run) % 8}` };
  const { label, color } = models[place] ?? ofRun;
  return { label: several ? `${label}, ${data}` : label, color };
}

function pointOf({ step, loss, lowest, highest }: CurveView["points"][number]): CurvePointData {
  return [step, finite(loss), finite(lowest), finite(highest)];
}

function ends({ low, high }: { readonly low: number; readonly high: number }): { low: number; high: number } {
  return { low: rounded(low), high: rounded(high) };
}

/** Rounds to five significant digits, which are more than a plot shows. */
function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? rounded(value) : null;
}

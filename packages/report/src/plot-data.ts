import type { CurveView, View } from "@mlan/run-view";
import type { CostData, CurveData, CurvePointData, ModelData, ResultData, ShareData } from "./page-data.ts";

/** Returns the points of the plot of all headline metrics. */
export function resultPoints({ models, benchmarks, results }: View): readonly ResultData[] {
  return benchmarks.flatMap(({ benchmark, protocol, guessing }) =>
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
        ...(guessing && { guessing: rounded(guessing.accuracy) }),
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
  return languageShares.map(({ backbone, benchmark, isAverage, guessing, points }) => ({
    title: isAverage ? `${benchmark.slice(0, 1).toUpperCase()}${benchmark.slice(1)} benchmarks` : benchmark,
    isAverage,
    backbone: backbone ?? "",
    ...(guessing !== undefined && { guessing: rounded(guessing) }),
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
 * Returns the loss curves: a plot per stage, or per stage and source if several runs have the stage. A stage that several
 * arms share is drawn only for the run that trained it.
 */
export function lossCurves(view: View, models: readonly ModelData[]): readonly CurveData[] {
  const shared = new Set(
    view.costs.flatMap(({ run, stage, sharedFrom }) =>
      sharedFrom === undefined ? [] : [JSON.stringify([run, stage])],
    ),
  );
  const own = view.curves.filter(({ run, stage }) => !shared.has(JSON.stringify([run, stage])));
  return own.map((curve) => ({ ...nameOf(curve, own, view, models), points: curve.points.map(pointOf) }));
}

/**
 * Returns the plot, the label and the color of a curve. If several runs have the stage, each source of its loss (all data,
 * text only, images, or one dataset) has a plot with a curve per run.
 */
function nameOf(
  curve: CurveView,
  all: readonly CurveView[],
  { models: evaluated, kind }: View,
  models: readonly ModelData[],
): Omit<CurveData, "points"> {
  const { run, stage, source, dataset = "" } = curve;
  const beside = all.filter((one) => one.stage === stage);
  const runs = [...new Set(beside.map((one) => one.run))];
  const sources = beside.filter((one) => one.run === run);
  const data = { all: "all", text: "text only", image: "with images", dataset }[source];
  if (runs.length === 1) {
    if (sources.length === 1) return { title: stage, label: "", color: "arm-0" };
    const color = source === "all" ? "base" : `arm-${(sources.indexOf(curve) - 1) % 8}`;
    return { title: stage, label: data, color };
  }
  const title = source === "all" ? stage : `${stage}, ${data}`;
  const place =
    kind === "study" ? evaluated.findIndex((model) => model.evaluations.some((one) => one.run === run)) : -1;
  const { label, color, backbone = 0 } = models[place] ?? { label: run, color: `arm-${runs.indexOf(run) % 8}` };
  return { title, label, color, ...(backbone > 0 && { backbone }) };
}

function pointOf({ step, loss, lowest, highest }: CurveView["points"][number]): CurvePointData {
  if (lowest === highest) return [step, finite(loss)];
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
